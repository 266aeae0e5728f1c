## Despatch notes, which go along with goods

despatch = Despatch note
despatch-print = Print a despatch note
despatch-lead = Fill in what goes along with the goods, then print the note with your browser.
despatch-honest = This paper goes along with the goods; printing it records nothing in Tandem.
despatch-none = There is nothing to despatch
despatch-none-body = Once something is accepted, and neither cancelled nor closed, its despatch note can be printed here.
despatch-changed = The buyer published a revision, and the lines are filled in anew. Please check them before you go on.
despatch-number = Note number
despatch-date = Despatch date
despatch-order = Order number
despatch-plate = Vehicle plate
despatch-packages = Packages
despatch-quantity = Quantity now
despatch-lot = Lot number
despatch-more = The order is long; these are some of its lines. Print another note for the others.
despatch-do = Make the note
despatch-too-much = “{ $field }” is at most { $quantity }, which is what was accepted.
despatch-nothing = Fill in “{ $field }” in at least one line.
despatch-ready = The note is ready. Print this page with your browser.
despatch-edit = Edit
despatch-sender = Sender (signature)
despatch-receiver = Receiver (signature)
despatch-signed-on = Date
help-despatch = Despatch notes
help-despatch-body = Open an order that you accepted and choose “Print a despatch note”. Fill in quantities and lot numbers, print the note with your browser, and send it along with the goods. Printing records nothing.
