-- Each second it is asked whether something of a claimed placeholder is left to move. Nothing is, nearly always, and a plan that
-- expects to find it soon reads every order of every firm to find none.
alter function orders.claims_to_move() set enable_seqscan = off;
alter function orders.claims_to_move() set enable_bitmapscan = off;
