# Pages for paper: orders and capacity as PDF
pdf-save = Download PDF
pdf-page = Page { $number } of { $pages }
pdf-total = Total
pdf-made = Made
pdf-pending = A change inside the frozen horizon waits for the supplier and is not on this paper; until the supplier agrees, what was agreed stands.
pdf-capacity = Capacity sheet
pdf-firm = Firm
pdf-weeks = Weeks
pdf-no-obligation = These figures are for planning and are no obligation to deliver.
pdf-no-font = The server has no font with Chinese characters
pdf-no-font-body = A PDF needs one. Ask your administrator to install fonts-noto-cjk on the machine that runs the portal (sudo apt-get install fonts-noto-cjk), or to set portal.font to the path of a font and start it again; then try once more. Until then, print the page itself from your browser.
pdf-busy = Other PDF files are being made
pdf-busy-body = Try again in a minute. Until then, print the page itself from your browser.
