"""Bills for people and programs: one sheet of rows becomes text, CSV or Markdown; JSON has everything."""
