"""The package's first fingering method: a second-order random field of sparse tables.

A copy of it as it was shipped, with its weights and reach penalties, so that it stays what it was.
"""
