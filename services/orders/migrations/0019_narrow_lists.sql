-- What few of very many orders have, and lists ask for: lines that wait for an answer, and proposals that are open. Without an
-- index of these alone a list that finds less than a page read every order of its firm.
create index order_state_waiting_idx on orders.order_state (supplier, order_id) where unanswered_lines > 0;
create index order_state_buyer_waiting_idx on orders.order_state (buyer, order_id) where unanswered_lines > 0;
create index order_state_proposed_idx on orders.order_state (supplier, order_id) where proposed_lines > 0;
create index order_state_buyer_proposed_idx on orders.order_state (buyer, order_id) where proposed_lines > 0;
