# WeChat saves no files
elsewhere-title = Open it in a browser
elsewhere-body = WeChat saves no files. Tap “⋯” at the top right and choose “Open in browser”; the download starts once you have signed in. Or copy the link below into a browser.
elsewhere-body-document = WeChat saves no files. Tap “⋯” at the top right and choose “Open in browser”; the download starts there. Or copy the link below into a browser.
elsewhere-link = Link of the download
# Capacity as a list
export-monday = Monday
capacity-sheets = Fill in capacity with Excel
capacity-sheets-lead = Download the weeks of your groups, change them and send the file back. It does what the form does.
capacity-sheets-download = A row for each group and week. Leave the last column as it is: it tells us which row it is.
capacity-sheets-fill = Change Planned, Maximum and Agreed; the other columns are there to read. Rows that were not changed change nothing. Without Planned, the week is not known.
capacity-sheets-do = Upload and save
capacity-sheets-done = { $n } weeks of capacity saved
capacity-sheets-large = The table is too large. Please upload it in parts.
capacity-sheets-key = Row (do not change)
capacity-sheets-key-wrong = The row key does not name a group of yours. Download the table again.
capacity-sheets-monday = The week must be the day of a Monday, such as 2026-12-28.
capacity-sheets-twice = The week stands further up already for this group.
# Lists as files
save-cut = This file ends here, and the list does not: a file takes at most 20,000 rows, 12 MiB, and what is read within a minute. Please narrow the list first, where it can be.
save-xlsx = Export to Excel
save-csv = Export CSV
save-csv-gb = Export CSV (GB18030)
save-part = List
save-side = Side
save-left = Time left
save-said = Reported at
save-scope = Sites and groups
save-key-id = Key
save-failure = Failure
save-seq = Number
reminder-text = Message
save-details = Details
