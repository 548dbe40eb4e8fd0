"""The `meridian` command: one module per verb, each a thin reading of arguments over the rooms."""
