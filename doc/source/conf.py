# SPDX-License-Identifier: Apache-2.0

"""Configuration of Sphinx for the documentation."""

import importlib.metadata

from nova import objects

# The filters and weighers are imported to be listed. nova-scheduler, too,
# registers its objects before it loads them.
objects.register_all()

project = 'edge-sched'
copyright = 'The edge-sched developers'
release = importlib.metadata.version('edge-sched')
version = release

extensions = [
    'cliff.sphinxext',
    'myst_parser',
    'oslo_config.sphinxconfiggen',
    'oslo_config.sphinxext',
    'sphinx.ext.autodoc',
    'stevedore.sphinxext',
]
try:
    import openstackdocstheme  # noqa: F401
except ImportError:
    html_theme = 'alabaster'
else:
    extensions.append('openstackdocstheme')
    html_theme = 'openstackdocs'
    openstackdocs_auto_name = False
    openstackdocs_auto_version = False
    openstackdocs_pdf_link = False

# Of every command of cliff, and so of no interest here.
autoprogram_cliff_ignored = [
    '--help',
    '--format',
    '--column',
    '--quote',
    '--noindent',
    '--max-width',
    '--fit-width',
    '--print-empty',
    '--prefix',
    '--variable',
    '--sort-column',
    '--sort-ascending',
    '--sort-descending',
]

config_generator_config_file = '../../etc/edge_sched/config-generator.conf'
sample_config_basename = '_static/edge_sched'

master_doc = 'index'
# Parts of a page, which has them included.
exclude_patterns = ['contributor/benchmarks']
html_static_path = ['_static']
pygments_style = 'native'
add_module_names = False
