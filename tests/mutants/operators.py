# SPDX-License-Identifier: Apache-2.0

"""Which mutants are made of a module: Cosmic Ray's, and some of our own.

Only what is inside of a function is mutated: a test of a constant would say
it once more. Calls of the log and what goes into texts are left out, whose
words no test should pin, and ``strict`` of a ``zip``, which checks ourselves.
"""

import ast
import dataclasses
import difflib
import pathlib
from collections.abc import Iterator

import parso
from cosmic_ray.ast import ast_nodes
from cosmic_ray.ast import get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator
from parso.python import tree

#: Of Cosmic Ray's those that say something: of each comparison its opposite
#: and its boundary, but not all of the others.
_THEIRS = (
    'AddNot',
    'NumberReplacer',
    'ReplaceAndWithOr',
    'ReplaceBinaryOperator_Add_Sub',
    'ReplaceBinaryOperator_Div_Mul',
    'ReplaceBinaryOperator_FloorDiv_Mul',
    'ReplaceBinaryOperator_Mul_Div',
    'ReplaceBinaryOperator_Sub_Add',
    'ReplaceBreakWithContinue',
    'ReplaceComparisonOperator_Eq_NotEq',
    'ReplaceComparisonOperator_GtE_Gt',
    'ReplaceComparisonOperator_Gt_GtE',
    'ReplaceComparisonOperator_IsNot_Is',
    'ReplaceComparisonOperator_Is_IsNot',
    'ReplaceComparisonOperator_LtE_Lt',
    'ReplaceComparisonOperator_Lt_LtE',
    'ReplaceComparisonOperator_NotEq_Eq',
    'ReplaceContinueWithBreak',
    'ReplaceFalseWithTrue',
    'ReplaceOrWithAnd',
    'ReplaceTrueWithFalse',
    'ReplaceUnaryOperator_Delete_Not',
    'ReplaceUnaryOperator_Delete_USub',
    'ZeroIterationForLoop',
)


class _Ours(Operator):
    """An operator that replaces a node as a whole."""

    def replacement(self, node: parso.tree.NodeOrLeaf) -> str | None:
        """What to write instead of a node, ``None`` to leave it."""
        raise NotImplementedError

    def mutation_positions(
        self, node: parso.tree.NodeOrLeaf
    ) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        if self.replacement(node) is not None:
            yield node.start_pos, node.end_pos

    def mutate(
        self, node: parso.tree.NodeOrLeaf, index: int
    ) -> parso.tree.Leaf:
        prefix = node.get_first_leaf().prefix
        return tree.Name(self.replacement(node), node.start_pos, prefix)


class ReplaceFunction(_Ours):
    """``any`` by ``all``, and the like."""

    OTHERS = {'any': 'all', 'all': 'any', 'min': 'max', 'max': 'min'}

    def replacement(self, node: parso.tree.NodeOrLeaf) -> str | None:
        if node.type != 'name' or node.value not in self.OTHERS:
            return None
        before, after = node.get_previous_leaf(), node.get_next_leaf()
        is_attribute = before is not None and before.value == '.'
        is_keyword = after is not None and after.value == '='
        return None if is_attribute or is_keyword else self.OTHERS[node.value]

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example('any(map(all, a))', 'all(map(all, a))'),)


class ReplaceMembership(_Ours):
    """``in`` by ``not in``, and back."""

    def replacement(self, node: parso.tree.NodeOrLeaf) -> str | None:
        if not node.parent or node.parent.type != 'comparison':
            return None
        if node.type == 'keyword' and node.value == 'in':
            return 'not in'
        if node.type == 'comp_op' and node.children[0].value == 'not':
            return 'in'
        return None

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example('a in b', 'a not in b'),)


class NegateComprehension(_Ours):
    """The condition of a comprehension by its opposite."""

    def replacement(self, node: parso.tree.NodeOrLeaf) -> str | None:
        # Other operators do for a comparison or a negation.
        if node.type != 'comp_if' or node.children[1].type in {
            'comparison',
            'not_test',
        }:
            return None
        condition = node.children[1].get_code().strip()
        rest = ''.join(child.get_code() for child in node.children[2:])
        return f'if not ({condition}){rest}'

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example('[a for a in b if a]', '[a for a in b if not (a)]'),)


class CatchNothing(_Ours):
    """What an ``except`` names by nothing."""

    def replacement(self, node: parso.tree.NodeOrLeaf) -> str | None:
        clause = node.parent
        if not clause or clause.type != 'except_clause':
            return None
        return '()' if node is clause.children[1] else None

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        before, after = (f'try: a()\nexcept {b}: c()' for b in ('b', '()'))
        return (Example(before, after),)


class RemoveStatement(_Ours):
    """A call whose value nobody takes, or ``+=`` and the like."""

    def replacement(self, node: parso.tree.NodeOrLeaf) -> str | None:
        if not node.parent or node.parent.type != 'simple_stmt':
            return None
        if node.type == 'atom_expr':
            last = node.children[-1].get_code()
            return 'pass' if last.startswith('(') else None
        if node.type == 'expr_stmt':
            sign = node.children[1].get_code().strip()
            return 'pass' if sign != '=' and sign.endswith('=') else None
        return None

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example('a.clear()\n', 'pass\n'),
            Example('a += 1\n', 'pass\n'),
        )


OPERATORS: tuple[Operator, ...] = (
    *(get_operator(f'core/{name}')() for name in _THEIRS),
    ReplaceFunction(),
    ReplaceMembership(),
    NegateComprehension(),
    CatchNothing(),
    RemoveStatement(),
)


def check_examples() -> None:
    """Try our own operators.

    :raises AssertionError: if one does not do what its example says
    """
    for operator in OPERATORS[len(_THEIRS) :]:
        for example in operator.examples():
            code = mutate_code(example.pre_mutation_code, operator, 0)
            assert code == example.post_mutation_code, code


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A module with one change.

    :param line: the first that has changed, from 1
    :param was: what was there, without the blanks before it
    :param now: what is there now
    :param code: of the whole module
    """

    path: pathlib.Path
    line: int
    was: str
    now: str
    code: str = dataclasses.field(repr=False)

    def __str__(self) -> str:
        return f'{self.path}:{self.line}:\n  - {self.was}\n  + {self.now}'


def mutants_of(path: pathlib.Path) -> list[Mutant]:
    """All mutants of a module, by line; of two that are the same, one."""
    source = path.read_text()
    nodes = list(ast_nodes(get_ast(source)))
    seen = {ast.dump(ast.parse(source))}
    found = []
    for operator in OPERATORS:
        for occurrence, is_wanted in enumerate(_places(nodes, operator)):
            if not is_wanted:
                continue
            code = mutate_code(source, operator, occurrence)
            try:
                parsed = ast.dump(ast.parse(code))
            except SyntaxError:
                continue
            if parsed not in seen:
                seen.add(parsed)
                found.append(_mutant(path, source, code))
    return sorted(found, key=lambda mutant: mutant.line)


def _places(
    nodes: list[parso.tree.NodeOrLeaf], operator: Operator
) -> Iterator[bool]:
    """For each place where an operator applies, whether it may."""
    for node in nodes:
        for _ in operator.mutation_positions(node):
            yield _is_wanted(node)


def _is_wanted(node: parso.tree.NodeOrLeaf) -> bool:
    # A bare ``*`` among parameters multiplies nothing.
    if node.parent and node.parent.type == 'parameters':
        return False
    inside = False
    while node:
        if node.type == 'funcdef':
            inside = True
        elif node.type == 'fstring' or _is_strict(node):
            return False
        elif node.type == 'atom_expr' and node.get_code().strip().startswith(
            'LOG.'
        ):
            return False
        node = node.parent
    return inside


def _is_strict(node: parso.tree.NodeOrLeaf) -> bool:
    """Whether it is ``strict=True`` of a ``zip`` that never sees otherwise."""
    return node.type == 'argument' and node.get_first_leaf().value == 'strict'


def _mutant(path: pathlib.Path, source: str, code: str) -> Mutant:
    old, new = source.splitlines(), code.splitlines()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    blocks = [block for block in matcher.get_opcodes() if block[0] != 'equal']
    first, last = blocks[0], blocks[-1]
    return Mutant(
        path,
        first[1] + 1,
        ' '.join(line.strip() for line in old[first[1] : last[2]]),
        ' '.join(line.strip() for line in new[first[3] : last[4]]),
        code,
    )
