# WeChat saves no files
elsewhere-title = Open it in a browser
elsewhere-body = WeChat saves no files. Tap “⋯” at the top right and choose “Open in browser”; the download starts once you have signed in. Or copy the link below into a browser.
elsewhere-body-document = WeChat saves no files. Tap “⋯” at the top right and choose “Open in browser”; the download starts there. Or copy the link below into a browser.
elsewhere-link = Link of the download
# Capacity as a list
export-capacity = Export these weeks (CSV)
export-monday = Monday
