-- The day on which an answer is due, beside the state of its order: lists are sorted by it, and those that are overdue are
-- counted by it, which looked up and sorted whatever waits for each page.
--
-- orders.answer_deadline.due_on while the clock runs; 9999-12-31 where it stands, or there is no deadline, so that it sorts
-- last. It says nothing of an order that nothing waits for in.
alter table orders.order_state add column answer_due date not null default '9999-12-31';

-- A version counts what was said of an order. That its day is noted says nothing new, and takes none.
create or replace trigger order_state_contiguous before update of order_id, buyer, supplier, revision, version, state,
    unanswered_lines, proposed_lines, requested_date, updated_at, held on orders.order_state
    for each row execute function orders.check_version();

-- Notes what became of deadlines, whoever writes them; publishing writes them before the states, and these as they are.
-- A plan that is kept goes by the key, whatever the tables had when it was made.
create function orders.note_due() returns trigger
language plpgsql security definer set search_path = ''
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    update orders.order_state s
    set answer_due = case when n.paused_on is null then n.due_on else '9999-12-31' end
    from noted n
    where s.order_id = n.order_id and s.buyer = n.buyer
        and s.answer_due <> case when n.paused_on is null then n.due_on else '9999-12-31' end;
    return null;
end
$$;
revoke all on function orders.note_due() from public;
create trigger answer_deadline_begun after insert on orders.answer_deadline
    referencing new table as noted for each statement execute function orders.note_due();
create trigger answer_deadline_changed after update on orders.answer_deadline
    referencing new table as noted for each statement execute function orders.note_due();

-- What waits, or may wait again by the deadline that held before; a period of waiting that begins anew notes its own.
update orders.order_state s set answer_due = d.due_on
from orders.answer_deadline d
where d.order_id = s.order_id and d.buyer = s.buyer and d.paused_on is null
    and (s.unanswered_lines > 0 or s.proposed_lines > 0);

-- With what row-level security asks for, so that a page is found, and what waits is counted, in the index alone.
create index order_state_due_idx on orders.order_state (supplier, answer_due, order_id) include (buyer)
    where unanswered_lines > 0;
create index order_state_buyer_due_idx on orders.order_state (buyer, answer_due, order_id) include (supplier)
    where unanswered_lines > 0;
-- The two say all that these said.
drop index orders.order_state_waiting_idx;
drop index orders.order_state_buyer_waiting_idx;

-- As before, by a look-up for each claim: for no claim at all every order of every firm was read, each second.
create or replace function orders.claims_to_move() returns table (placeholder uuid, firm uuid)
language sql stable security definer set search_path = '' as $$
    select c.placeholder, c.firm
    from partners.pending_claims() c
    cross join lateral (
        (select true from orders.purchase_order o where o.supplier = c.placeholder limit 1)
        union all
        (select true from orders.terms t where t.supplier = c.placeholder limit 1)
        limit 1
    ) something
$$;
