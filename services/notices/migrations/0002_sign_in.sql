-- Links to sign in that a member asks for by the own mail address. Who asks is nobody yet, and must not learn whose an
-- address is: what is asked is written down whatever the address, and looked at by the loop that sends.

set local lock_timeout = '3s';
alter table notices.channel
    add column signs_in boolean not null default false,
    add column sign_in_roles integer[],
    add column sign_in_sites text[],
    add column sign_in_purchasing_groups text[],
    add constraint channel_signs_in_check check (not signs_in or (medium = 'mail' and member is not null));
comment on column notices.channel.signs_in is 'whether its member is mailed links to sign in';
comment on column notices.channel.sign_in_roles is
    'what whoever named the address could have given its member, at most; as partners.member has it. Null: the member did';
create index channel_signs_in_idx on notices.channel (fingerprint) where signs_in and deleted_at is null;

-- A message whose link is made when it is sent waits as `link`: a process of the version before, which does not know how, would
-- send it empty.
alter table notices.delivery
    drop constraint delivery_state_check,
    add constraint delivery_state_check check (state in ('waiting', 'link', 'sent', 'failed')) not valid;
create index delivery_waits_idx on notices.delivery (due_at, firm) where state in ('waiting', 'link');

-- As before, with these.
create or replace function notices.firms_due(at timestamptz, most int) returns table (firm uuid)
language sql stable security definer set search_path = '' as $$
    select d.firm
    from (select n.firm from notices.notice n where n.delivery is null and n.due_at <= firms_due.at
          union
          select d.firm from notices.delivery d
          where d.state in ('waiting', 'link') and d.due_at <= firms_due.at
              and (d.leased_until is null or d.leased_until < firms_due.at)) d
    where exists (select from partners.active_firms(array[d.firm]))
    order by d.firm
    limit most
$$;

create table notices.sign_in_request (
    id uuid not null,
    -- as of a channel; the address itself stands nowhere
    fingerprint bytea not null,
    at timestamptz not null,
    constraint sign_in_request_pkey primary key (id)
);
comment on table notices.sign_in_request is
    'who asked for a link to sign in, until it is looked at; of no firm, and reached by the functions below alone';
alter table notices.sign_in_request enable row level security;
alter table notices.sign_in_request force row level security;
create policy owner_all on notices.sign_in_request for all to tandem_owner using (true) with check (true);

-- Writes down that somebody asks.
create function notices.ask_for_sign_in(id uuid, fingerprint bytea, at timestamptz) returns void
language sql volatile security definer set search_path = '' as $$
    insert into notices.sign_in_request (id, fingerprint, at)
    values (ask_for_sign_in.id, ask_for_sign_in.fingerprint, ask_for_sign_in.at)
$$;

-- Takes what was asked, and makes a message of it for each channel that may sign somebody in; how many were taken. The
-- link is made when the message is sent, so that it stands in no row. Nobody waits any more for what was asked an hour ago.
create function notices.take_sign_in_requests(most bigint, at timestamptz, kind integer, title_zh text, title_en text)
returns bigint
language sql volatile security definer set search_path = '' as $$
    with taken as (
        delete from notices.sign_in_request r
        where r.id in (select q.id from notices.sign_in_request q order by q.id limit take_sign_in_requests.most
                       for update skip locked)
        returning r.id, r.fingerprint, r.at
    ), made as (
        insert into notices.delivery (firm, id, channel, kind, state, notices, title, body, link, due_at, created_at)
        select c.firm, t.id, c.id, take_sign_in_requests.kind, 'link', 0,
               case c.locale when 'en' then take_sign_in_requests.title_en else take_sign_in_requests.title_zh end,
               '', '', take_sign_in_requests.at, take_sign_in_requests.at
        from taken t
        join notices.channel c on c.fingerprint = t.fingerprint and c.signs_in and c.deleted_at is null
        -- a suspended firm's messages wait until it is back, and by then nobody wants this one
        where exists (select from partners.active_firms(array[c.firm]))
            and t.at > take_sign_in_requests.at - interval '1 hour'
    )
    select count(*) from taken
$$;
revoke all on function notices.ask_for_sign_in(uuid, bytea, timestamptz),
    notices.take_sign_in_requests(bigint, timestamptz, integer, text, text) from public;
grant execute on function notices.ask_for_sign_in(uuid, bytea, timestamptz),
    notices.take_sign_in_requests(bigint, timestamptz, integer, text, text) to tandem_app;
