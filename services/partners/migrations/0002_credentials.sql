-- Functions that reach across firms, first part: who calls, and what using a link does. SECURITY DEFINER, owned by
-- tandem_owner; what tandem_app may call is listed at the end of 0003. Parameters are named as callers see them,
-- hence `use_column` and qualified names.

-- The whole caller behind a credential; nothing where it does not work, for whatever reason.
create function partners.resolve_credential(kind text, id text, sha256 bytea)
returns table (firm uuid, firm_name text, sandbox boolean, actor uuid, actor_name text, roles integer[],
               sites text[], purchasing_groups text[], locale text)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query
        select c.firm, c.firm_name, c.sandbox, c.actor, c.actor_name, c.roles, c.sites, c.purchasing_groups, c.locale
        from partners.live_credential c
        where c.kind = resolve_credential.kind and c.id = resolve_credential.id
            and c.sha256 = resolve_credential.sha256;
end
$$;

-- Which of these credentials do not work any more.
create function partners.ended_credentials(kinds text[], ids text[]) returns table (kind text, id text)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query
        select u.kind, u.id
        from unnest(kinds, ids) u (kind, id)
        where not exists (select from partners.live_credential c where c.kind = u.kind and c.id = u.id);
end
$$;

-- What a link is for. Whoever knows the token's hash holds the link. `ended` says that it cannot be used although
-- its time is not over: a newer one took its place, the member was disabled, or the invitation is void.
create function partners.inspect_link(sha256 bytea)
returns table (kind text, firm uuid, firm_name text, issuer uuid, member uuid, member_name text, invited_by text,
               locale text, expires_at timestamptz, used_at timestamptz, ended boolean)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query
        select l.kind, l.firm, f.name, l.issuer, l.member, coalesce(m.name, ''),
               case when l.kind = 'invitation' then i.name else '' end, coalesce(m.locale, ''),
               l.expires_at, l.used_at,
               l.ended_at is not null
                   or case when l.kind = 'sign_in' then m.disabled_at is not null or f.state <> 'active'
                      else f.state <> 'placeholder' or not exists (
                          select from partners.trading_relationship r
                          where r.buyer = l.issuer and r.supplier = l.firm
                              and r.accepted_at is null and r.ended_at is null)
                      end
        from partners.link l
        join partners.firm f on f.id = l.firm
        join partners.firm i on i.id = l.issuer
        left join partners.member m on m.firm = l.firm and m.id = l.member
        where l.sha256 = inspect_link.sha256;
end
$$;

-- Locks a link and answers it where it can be used.
create function partners.usable_link(sha256 bytea, kind text, at timestamptz)
returns table (firm uuid, issuer uuid, member uuid, locale text)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
begin
    perform from partners.link l where l.sha256 = usable_link.sha256 for update;
    return query
        select l.firm, l.issuer, l.member, l.locale
        from partners.inspect_link(usable_link.sha256) l
        where l.kind = usable_link.kind and l.used_at is null and not l.ended and l.expires_at > usable_link.at;
end
$$;

-- Uses a sign-in link and begins a session; no row where the link cannot be used.
create function partners.redeem_sign_in(sha256 bytea, session text, session_sha256 bytea, device text,
                                        at timestamptz, session_expires_at timestamptz)
returns table (firm uuid, member uuid, locale text)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    link record;
begin
    select * into link from partners.usable_link(redeem_sign_in.sha256, 'sign_in', redeem_sign_in.at);
    if not found then
        return;
    end if;
    update partners.link l set used_at = redeem_sign_in.at where l.sha256 = redeem_sign_in.sha256;
    insert into partners.session (id, firm, member, sha256, device, created_at, expires_at)
    values (redeem_sign_in.session, link.firm, link.member, redeem_sign_in.session_sha256, redeem_sign_in.device,
            redeem_sign_in.at, redeem_sign_in.session_expires_at);
    return query select link.firm, link.member, link.locale;
end
$$;

-- The people behind an invitation take the placeholder as their own firm: it becomes active with its first
-- administrator and a session. Runs in the placeholder's tenant; answers the relationship, no row where the link
-- cannot be used. Empty names keep what the inviter wrote.
create function partners.accept_invitation(sha256 bytea, at timestamptz, firm_name text, uscc text, member uuid,
                                           member_name text, locale text, session text, session_sha256 bytea,
                                           device text, session_expires_at timestamptz)
returns table (relationship uuid)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    link record;
begin
    select * into link from partners.usable_link(accept_invitation.sha256, 'invitation', accept_invitation.at);
    if not found or link.firm is distinct from me then
        return;
    end if;
    update partners.link l set used_at = accept_invitation.at
    where l.firm = me and l.kind = 'invitation' and l.used_at is null;
    update partners.firm f
    set state = 'active',
        name = coalesce(nullif(accept_invitation.firm_name, ''), f.name),
        uscc = coalesce(nullif(accept_invitation.uscc, ''), f.uscc)
    where f.id = me;
    insert into partners.member (id, firm, name, roles, locale, created_at)
    values (accept_invitation.member, me, accept_invitation.member_name, array[1], accept_invitation.locale,
            accept_invitation.at);
    insert into partners.session (id, firm, member, sha256, device, created_at, expires_at)
    values (accept_invitation.session, me, accept_invitation.member, accept_invitation.session_sha256,
            accept_invitation.device, accept_invitation.at, accept_invitation.session_expires_at);
    return query
        update partners.trading_relationship r
        set accepted_at = accept_invitation.at, version = r.version + 1
        where r.buyer = link.issuer and r.supplier = me
        returning r.id;
end
$$;
