"""Investigate, in layers, each module the base of the next one.

`surveying` (what is counted beside the events), `completing` (what a query is completed with),
`looking` (query and look in step), `going` (to an event, and back), `keeping` (marks, saved
searches, files), `faceting` (which facets), `sizing` (how large the panes are), `following` (what
is new), `detailing` (the selected event in full), and last `screen`.
"""
