# A buyer's orders as a table
changes-link = Export, or change with Excel
changes-title = See and change orders in a table
changes-lead = Download the orders of the list; to change them, edit quantity, requested date or price and send the table back.
changes-download-body = The same orders as the filtered list, one row for each schedule line, with what was answered.
changes-fill = Step 2: edit
changes-fill-body = Edit only the columns with a yellow heading: quantity, requested date, unit price. Rows of one line must have the same price. Rows that you leave as they are change nothing.
changes-file = The edited table (xlsx or csv)
changes-upload = Upload and check
changes-large = Too many orders, or too large a file. Narrow the list by state, purchasing group or search first.
changes-check = { $n ->
    [one] { $n } order will be changed: please confirm
   *[other] { $n } orders will be changed: please confirm
}
changes-check-body = Suppliers answer changed lines anew; inside the frozen horizon they have to agree first.
changes-order = { $number } · { $partner }
changes-cell = Line { $line } { $column }
changes-more = { $n ->
    [one] { $n } more order.
   *[other] { $n } more orders.
}
changes-do = Confirm and send the changes
changes-leave = Change nothing
changes-done = { $n ->
    [one] { $n } order is changed
   *[other] { $n } orders are changed
}
changes-wrong = { $n ->
    [one] { $n } error to correct
   *[other] { $n } errors to correct
}
changes-rows = { $rows } rows, of which { $changed } are changed.
changes-sent = Changed
changes-pending = Waits for the supplier

# New orders in a table
new-orders-title = New orders from a table
new-orders-link = Upload new orders
new-orders-lead = For many orders at once: download the template, fill it in, send it back, and publish what it says.
new-orders-download-body = One row for each line of an order. The second sheet of the Excel template says what belongs in each column.
new-orders-fill-body = Rows with the same order number are one order. Name the supplier by your number for it, and say whether prices include tax. A table that your ERP exports may do as it is.
new-orders-large = More than { $n } orders, or too large a file. Upload several smaller files.
new-orders-headings = A required column is missing, or a heading stands twice. Use the headings of the template.
new-orders-check = { $n ->
    [one] { $n } new order will be published: please confirm
   *[other] { $n } new orders will be published: please confirm
}
new-orders-check-body = Suppliers can answer them at once.
new-orders-do = Confirm and publish
new-orders-leave = Publish nothing
new-orders-done = { $n ->
    [one] { $n } order is published
   *[other] { $n } orders are published
}
new-orders-there = { $n ->
    [one] { $n } order is there already and is not published again
   *[other] { $n } orders are there already and are not published again
}
new-orders-none = No new orders
new-orders-rows = { $rows } rows; orders that could be read: { $orders }.
new-orders-sent = Published
new-orders-exists = Already there
