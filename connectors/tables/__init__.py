"""Tables that are no CSV, row by row as ``CsvFile`` gives them: spreadsheets (.xlsx, .xls, .ods), and lines of
fixed width (``fixed_width``, laid out as ``fixed_layout`` says).

Flow of a spreadsheet: ``sheet`` starts ``sheet_process``, which alone meets the file: in a process of its own with
hard limits, so that nothing a file holds can take the service's memory or end it. That one asks ``workbook`` whether
the file may be opened, ``error_cells`` where a formula failed, calamine for the values, and writes rows as lines of
JSON; ``sheet`` finds the header and says what is wrong with a row.
"""
