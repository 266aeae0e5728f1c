-- What follows an order: deadlines, reminders, progress, promises by day, and what the two firms write to each other.
-- Two-firm rows as in 0001. Claims move whatever has an order_id and a supplier, these tables included.

-- Until when the supplier answers. The buyer's own: it is counted by the buyer's terms and calendar, and only the
-- buyer writes it, so that no supplier moves its own deadline. Whether anything waits is order_state's to say.
create table orders.answer_deadline (
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    -- a day in the buyer's calendar
    due_on date not null,
    -- false: days of a year without calendar data were counted by the week alone
    certain boolean not null,
    -- when the supplier is reminded without anybody asking; null: never, or it was
    remind_on date,
    -- the day since which the order is held; the days until its release are added to due_on
    paused_on date,
    -- whether sweeps look at it: until the answer came in time or the event of its absence was written
    watched boolean not null,
    constraint answer_deadline_pkey primary key (order_id, buyer),
    constraint answer_deadline_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);
create index answer_deadline_due_idx on orders.answer_deadline (due_on) where watched and paused_on is null;
create index answer_deadline_remind_idx on orders.answer_deadline (remind_on)
    where watched and paused_on is null and remind_on is not null;

-- An answer did not come in time; one row a period of waiting.
create table orders.answer_overdue (
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    version bigint not null,
    due_on date not null,
    at timestamptz not null,
    constraint answer_overdue_pkey primary key (order_id, buyer, version),
    constraint answer_overdue_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);

create table orders.reminder (
    id uuid not null,
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    version bigint not null,
    message text not null,
    -- sent by the terms and by nobody
    automatic boolean not null,
    actor_name text not null,
    sent_at timestamptz not null,
    constraint reminder_pkey primary key (order_id, buyer, id),
    constraint reminder_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);
create index reminder_buyer_idx on orders.reminder (buyer, id desc);
create index reminder_supplier_idx on orders.reminder (supplier, id desc);

-- What the supplier's side did with a reminder: only the supplier writes.
create table orders.reminder_receipt (
    reminder_id uuid not null,
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    delivered_at timestamptz not null,
    -- somebody looked at the order
    opened_at timestamptz,
    opened_by text not null default '',
    constraint reminder_receipt_pkey primary key (order_id, buyer, reminder_id),
    constraint reminder_receipt_reminder_fkey foreign key (order_id, buyer, reminder_id)
        references orders.reminder deferrable initially deferred,
    constraint reminder_receipt_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);

-- How far the supplier is with a schedule line, as it says; the newest counts.
create table orders.progress (
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    version bigint not null,
    schedule_line_id uuid not null,
    -- tandem.orders.v1.ProgressStage
    stage smallint not null check (stage between 1 and 5),
    note text not null,
    actor_name text not null,
    at timestamptz not null,
    constraint progress_pkey primary key (order_id, buyer, version, schedule_line_id),
    constraint progress_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);

-- The first day on which a schedule line is promised, for lists by day. Either side may write it, as the agreed
-- quantities; the promises themselves stand in response_line and proposal, where only their side writes.
create table orders.promise (
    schedule_line_id uuid not null,
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    committed_date date not null,
    at timestamptz not null,
    constraint promise_pkey primary key (schedule_line_id, buyer),
    constraint promise_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);
create index promise_buyer_idx on orders.promise (buyer, committed_date, schedule_line_id);

-- What the firms write to each other about an order, and what each writes for itself.
create table orders.message (
    id uuid not null,
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    author uuid not null,
    -- null: for both; else a note of this firm, its author, that the other never sees
    internal_to uuid,
    -- empty: about the whole order
    line_number text not null,
    body text not null,
    actor_name text not null,
    -- 0 for internal notes: what only one firm sees takes no version
    version bigint not null,
    at timestamptz not null,
    constraint message_pkey primary key (order_id, buyer, id),
    -- the author stands in the key so that nobody hangs a file on another's message
    constraint message_author_key unique (order_id, buyer, id, author),
    constraint message_internal_check
        check (case when internal_to is null then version > 0 else internal_to = author and version = 0 end),
    constraint message_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);

create table orders.attachment (
    id uuid not null,
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    author uuid not null,
    internal_to uuid,
    message_id uuid not null,
    -- place in the message, from 0
    position smallint not null,
    name text not null,
    media_type text not null,
    size_bytes int not null,
    sha256 bytea not null,
    content bytea not null,
    constraint attachment_pkey primary key (order_id, buyer, id),
    constraint attachment_internal_check check (internal_to is null or internal_to = author),
    constraint attachment_size_check check (size_bytes = octet_length(content) and size_bytes between 1 and 5242880),
    constraint attachment_message_fkey foreign key (order_id, buyer, message_id, author)
        references orders.message (order_id, buyer, id, author) deferrable initially deferred,
    constraint attachment_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);
create index attachment_message_idx on orders.attachment (order_id, message_id);

do $$
declare
    name text;
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
begin
    foreach name in array array['answer_deadline', 'answer_overdue', 'reminder', 'reminder_receipt', 'progress',
        'promise', 'message', 'attachment'] loop
        execute format('alter table orders.%I enable row level security', name);
        execute format('alter table orders.%I force row level security', name);
        execute format('create policy owner_all on orders.%I for all to tandem_owner using (true) with check (true)', name);
        execute format('grant select, insert on orders.%I to tandem_app', name);
    end loop;
    foreach name in array array['answer_deadline', 'answer_overdue', 'reminder', 'reminder_receipt', 'progress',
        'promise'] loop
        execute format('create policy two_firms_read on orders.%I for select to tandem_app using (buyer = %s or supplier = %s)', name, me, me);
    end loop;
    foreach name in array array['answer_deadline', 'answer_overdue', 'reminder'] loop
        execute format('create policy buyer_insert on orders.%I for insert to tandem_app with check (buyer = %s)', name, me);
    end loop;
    foreach name in array array['reminder_receipt', 'progress'] loop
        execute format('create policy supplier_insert on orders.%I for insert to tandem_app with check (supplier = %s)', name, me);
    end loop;
    execute format('create policy buyer_update on orders.answer_deadline for update to tandem_app using (buyer = %s) with check (buyer = %s)', me, me);
    execute format('create policy supplier_update on orders.reminder_receipt for update to tandem_app using (supplier = %s) with check (supplier = %s)', me, me);
    execute format('create policy two_firms_insert on orders.promise for insert to tandem_app with check (buyer = %s or supplier = %s)', me, me);
    execute format('create policy two_firms_update on orders.promise for update to tandem_app using (buyer = %s or supplier = %s) with check (buyer = %s or supplier = %s)', me, me, me, me);
    foreach name in array array['message', 'attachment'] loop
        execute format('create policy readers on orders.%I for select to tandem_app using ((buyer = %s or supplier = %s) and (internal_to is null or internal_to = %s))', name, me, me, me);
        execute format('create policy author_insert on orders.%I for insert to tandem_app with check (author = %s and (buyer = %s or supplier = %s) and (internal_to is null or internal_to = %s))', name, me, me, me, me);
    end loop;
end
$$;
grant update (due_on, certain, remind_on, paused_on, watched) on orders.answer_deadline to tandem_app;
grant update (opened_at, opened_by) on orders.reminder_receipt to tandem_app;
grant update (committed_date, at) on orders.promise to tandem_app;

-- Deadlines that somebody has to look at on a day, passed ones and days of a reminder: ids only, at most `most`.
create function orders.deadlines_to_sweep(today date, most int) returns table (buyer uuid, order_id uuid)
language sql stable security definer set search_path = '' as $$
    (select d.buyer, d.order_id from orders.answer_deadline d
     where d.watched and d.paused_on is null and d.due_on < today order by d.due_on limit most)
    union
    (select d.buyer, d.order_id from orders.answer_deadline d
     where d.watched and d.paused_on is null and d.remind_on <= today order by d.remind_on limit most)
    order by 1, 2
$$;
revoke all on function orders.deadlines_to_sweep(date, int) from public;
grant execute on function orders.deadlines_to_sweep(date, int) to tandem_app;
