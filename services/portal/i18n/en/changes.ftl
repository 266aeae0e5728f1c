## Differences between revisions, and changes that wait for the supplier

changed-whole = Whole order
changed-other = Other content
changed-price-base = Price base
changed-site = Ship-to
changed-item-number = Buyer’s item number
changed-drawing = Drawing revision
changed-reservation = Capacity reservation
changed-currency = Currency
changed-closed = Closed
changed-held = On hold
line-named = Line { $number }
yes = yes
no = no
revised-title = What changed from revision { $from } to { $to }
line-added = New
line-reconfirm = Needs a new answer
more-changes = { $n ->
    [one] { $n } further line changed
   *[other] { $n } further lines changed
}
pending-title = Waiting for the supplier’s consent
pending-body = This lies inside the frozen horizon. It takes effect once the supplier agrees; until then what was agreed stands.
pending-change = Change
pending-cancellation = Cancellation
pending-asked = Asked by { $who }, { $at }
withdraw-change = Withdraw
done-withdrawn = Withdrawn
done-withdrawn-body = What was agreed stands, and { $supplier } has been told.
