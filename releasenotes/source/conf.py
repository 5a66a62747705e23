# SPDX-License-Identifier: Apache-2.0

"""Configuration of Sphinx for the release notes."""

project = 'edge-sched'
copyright = 'The edge-sched developers'
version = ''
release = ''

extensions = ['reno.sphinxext']
try:
    import openstackdocstheme  # noqa: F401
except ImportError:
    html_theme = 'alabaster'
else:
    extensions.append('openstackdocstheme')
    html_theme = 'openstackdocs'
    openstackdocs_auto_name = False
    openstackdocs_pdf_link = False

master_doc = 'index'
templates_path = ['_templates']
html_static_path = ['_static']
pygments_style = 'native'
