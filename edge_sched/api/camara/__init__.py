# SPDX-License-Identifier: Apache-2.0

"""CAMARA's Simple Edge Discovery, release r3.1, on what the API has."""
