## The order to practise with

practice = Practise with an example order
practice-mark = Practice
practice-body = This order is made up. Answer it as you like: nobody gets the answer, and it is not kept.
practice-title = Practice: { $title }
practice-number = PRACTICE-001
practice-buyer = Example customer
practice-body-item = Storage box 45 L, body
practice-lid-item = Storage box 45 L, lid
practice-note = Please pack in standard boxes.
practice-done = Well practised
practice-accepted = With a real order, { $buyer } would have your answer at once: all of it is supplied as asked, and that holds.
practice-refused = With a real order, { $buyer } would have your answer and the reason at once, and look for another supplier.
practice-changed = With a real order, { $buyer } would have your answer at once. { $effect }
practice-again = Practise again
