-- Functions that reach across firms, second part: invitations, claims, and new firms. As in 0002; at the end stands
-- the one list of what tandem_app may call.

-- UUIDv7, for functions that other services call with business data alone.
create function partners.new_id() returns uuid
language sql volatile set search_path = '' as $$
    select encode(
        set_byte(
            overlay(
                uuid_send(gen_random_uuid())
                placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                from 1 for 6),
            6, 112 | (get_byte(uuid_send(gen_random_uuid()), 0) & 15)),
        'hex')::uuid
$$;

-- The tenant's own, existing firm takes an invitation's placeholder over: `claimed` with relationship and
-- placeholder, `own_firm` for the inviter itself, `unusable` for a link that cannot be used.
-- An existing relationship of the pair is kept and, where it had ended, revived.
create function partners.claim_invitation(sha256 bytea, at timestamptz)
returns table (outcome text, relationship uuid, placeholder uuid)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    link record;
    invited partners.trading_relationship;
    kept partners.trading_relationship;
    number text;
begin
    select * into link from partners.usable_link(claim_invitation.sha256, 'invitation', claim_invitation.at);
    if not found or not exists (select from partners.firm f where f.id = me and f.state = 'active') then
        return query select 'unusable'::text, null::uuid, null::uuid;
        return;
    end if;
    if link.issuer = me then
        return query select 'own_firm'::text, null::uuid, null::uuid;
        return;
    end if;
    perform partners.lock_invitations(link.issuer);
    select r.* into strict invited from partners.trading_relationship r
    where r.buyer = link.issuer and r.supplier = link.firm for update;
    select r.* into kept from partners.trading_relationship r
    where r.buyer = link.issuer and r.supplier = me for update;
    if not found then
        update partners.trading_relationship r
        set supplier = me, accepted_at = claim_invitation.at, version = r.version + 1
        where r.id = invited.id;
        kept := invited;
    else
        delete from partners.trading_relationship r where r.id = invited.id;
        if kept.ended_at is null then
            number := coalesce(nullif(kept.vendor_number, ''), invited.vendor_number);
        else
            number := coalesce(nullif(invited.vendor_number, ''), kept.vendor_number);
            if exists (select from partners.trading_relationship r
                       where r.buyer = link.issuer and r.vendor_number = number and r.ended_at is null) then
                number := '';
            end if;
        end if;
        -- The buyer's documents may still carry the number that lost.
        insert into partners.known_as (buyer, scheme, value, supplier)
        select link.issuer, 'VENDOR_NUMBER', n, me
        from unnest(array[kept.vendor_number, invited.vendor_number]) n where n not in ('', number)
        on conflict do nothing;
        update partners.trading_relationship r
        set vendor_number = number,
            accepted_at = coalesce(r.accepted_at, claim_invitation.at),
            buyer_suspended = case when r.ended_at is null then r.buyer_suspended else invited.buyer_suspended end,
            supplier_suspended = r.ended_at is null and r.supplier_suspended,
            ended_at = null,
            version = r.version + 1
        where r.id = kept.id;
    end if;
    insert into partners.known_as (buyer, scheme, value, supplier)
    select k.buyer, k.scheme, k.value, me from partners.known_as k
    where k.buyer = link.issuer and k.supplier = link.firm
    on conflict do nothing;
    delete from partners.known_as k where k.buyer = link.issuer and k.supplier = link.firm;
    update partners.link l set used_at = claim_invitation.at
    where l.firm = link.firm and l.kind = 'invitation' and l.used_at is null;
    update partners.firm f set state = 'claimed' where f.id = link.firm;
    insert into partners.claim (placeholder, firm, buyer, accepted_at)
    values (link.firm, me, link.issuer, claim_invitation.at);
    return query select 'claimed'::text, kept.id, link.firm;
end
$$;

-- One buyer's invitations happen one after another, so that two of them do not create one supplier twice.
create function partners.lock_invitations(buyer uuid) returns void
language sql volatile set search_path = '' as $$
    select pg_advisory_xact_lock(hashtextextended('partners.invite ' || buyer::text, 0))
$$;

-- Creates a placeholder firm and the tenant's relationship with it. Violates trading_relationship_vendor_number_key
-- where the number is taken.
create function partners.invite_supplier(placeholder uuid, relationship uuid, name text, vendor_number text,
                                         uscc text, schemes text[], ids text[], at timestamptz)
returns void
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    inviter partners.firm;
begin
    perform partners.lock_invitations(me);
    select f.* into inviter from partners.firm f where f.id = me and f.state = 'active';
    if not found then
        raise exception 'only an active firm invites' using errcode = '42501';
    end if;
    insert into partners.firm (id, name, uscc, state, sandbox, invited_by, created_at)
    values (invite_supplier.placeholder, invite_supplier.name, invite_supplier.uscc, 'placeholder',
            inviter.sandbox, me, invite_supplier.at);
    insert into partners.party_id (firm, scheme, value)
    select invite_supplier.placeholder, p.scheme, p.value
    from unnest(schemes, ids) p (scheme, value) on conflict do nothing;
    insert into partners.trading_relationship (id, buyer, supplier, vendor_number, created_at)
    values (invite_supplier.relationship, me, invite_supplier.placeholder, invite_supplier.vendor_number,
            invite_supplier.at);
    insert into partners.known_as (buyer, scheme, value, supplier)
    select me, k.scheme, k.value, invite_supplier.placeholder
    from (select p.scheme, p.value from unnest(schemes, ids) p (scheme, value)
          union select 'NAME', invite_supplier.name
          union select 'USCC', invite_supplier.uscc where invite_supplier.uscc <> '') k
    on conflict do nothing;
end
$$;

-- For other services, in the buyer's own transaction: the firm behind a supplier that the tenant invites. The same
-- number, or the same name where numbers and codes do not speak against it, means the same firm, also after
-- it accepted, was renamed or was claimed; an ended relationship does not count. Otherwise a new placeholder.
create function partners.invite_placeholder(name text, vendor_number text, uscc text, schemes text[], ids text[])
returns uuid
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    same partners.trading_relationship;
    placeholder uuid := partners.new_id();
begin
    perform partners.lock_invitations(me);
    select r.* into same from partners.trading_relationship r
    where r.buyer = me and r.ended_at is null
        and r.vendor_number = invite_placeholder.vendor_number and r.vendor_number <> '';
    if found then
        return same.supplier;
    end if;
    select r.* into same
    from partners.known_as k
    join partners.trading_relationship r on r.buyer = k.buyer and r.supplier = k.supplier
    where k.buyer = me and k.scheme = 'VENDOR_NUMBER' and k.value = invite_placeholder.vendor_number
        and r.ended_at is null
    order by r.id
    limit 1;
    if found then
        return same.supplier;
    end if;
    -- The caller looked for its other numbers before it had the lock; another request may have brought them since.
    select r.* into same
    from partners.known_as k
    join partners.trading_relationship r on r.buyer = k.buyer and r.supplier = k.supplier
    where k.buyer = me and r.ended_at is null
        and ((k.scheme not in ('NAME', 'USCC', 'VENDOR_NUMBER')
                and exists (select from unnest(schemes, ids) p (scheme, value)
                            where p.scheme = k.scheme and p.value = k.value))
            or (k.scheme = 'USCC' and k.value = invite_placeholder.uscc))
    order by r.id
    limit 1;
    if found then
        return same.supplier;
    end if;
    select r.* into same
    from partners.known_as k
    join partners.trading_relationship r on r.buyer = k.buyer and r.supplier = k.supplier
    where k.buyer = me and k.scheme = 'NAME' and k.value = invite_placeholder.name and r.ended_at is null
        and (r.vendor_number = '' or invite_placeholder.vendor_number = '')
        and (invite_placeholder.uscc = '' or not exists (
            select from partners.known_as u
            where u.buyer = me and u.supplier = k.supplier and u.scheme = 'USCC' and u.value <> invite_placeholder.uscc))
    order by r.vendor_number <> '', r.id
    limit 1;
    if found then
        if invite_placeholder.vendor_number <> '' then
            update partners.trading_relationship r
            set vendor_number = invite_placeholder.vendor_number, version = r.version + 1
            where r.id = same.id;
        end if;
        return same.supplier;
    end if;
    perform partners.invite_supplier(placeholder, partners.new_id(), invite_placeholder.name,
        invite_placeholder.vendor_number, invite_placeholder.uscc, schemes, ids, now());
    return placeholder;
exception
    when unique_violation then
        -- The number was given to another supplier meanwhile; the same request may be sent again.
        raise exception 'invitations met' using errcode = '40001';
end
$$;

-- Stores an invitation link to a supplier of the tenant that has not accepted yet; `invited` is the relationship
-- or the placeholder. Whether there is such a one.
create function partners.new_invitation(invited uuid, sha256 bytea, expires_at timestamptz,
                                        end_earlier boolean default false)
returns boolean
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    placeholder uuid;
begin
    select r.supplier into placeholder
    from partners.trading_relationship r
    join partners.firm f on f.id = r.supplier
    where r.buyer = me and invited in (r.id, r.supplier) and r.accepted_at is null and r.ended_at is null
        and f.state = 'placeholder';
    if not found then
        return false;
    end if;
    if end_earlier then
        update partners.link l set ended_at = now()
        where l.firm = placeholder and l.kind = 'invitation' and l.used_at is null and l.ended_at is null;
    end if;
    insert into partners.link (sha256, kind, firm, issuer, created_at, expires_at)
    values (new_invitation.sha256, 'invitation', placeholder, me, now(), new_invitation.expires_at);
    return true;
end
$$;

-- An active firm with its first administrator, who signs in by the link.
create function partners.found_firm(firm uuid, name text, name_en text, uscc text, sandbox boolean, operator boolean,
                                    schemes text[], ids text[], admin uuid, admin_name text, admin_locale text,
                                    link_issuer uuid, link_sha256 bytea, link_expires_at timestamptz, at timestamptz)
returns void
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_column
begin
    insert into partners.firm (id, name, name_en, uscc, state, sandbox, operator, created_at)
    values (found_firm.firm, found_firm.name, found_firm.name_en, found_firm.uscc, 'active', found_firm.sandbox,
            found_firm.operator, found_firm.at);
    insert into partners.party_id (firm, scheme, value)
    select found_firm.firm, p.scheme, p.value
    from unnest(schemes, ids) p (scheme, value) on conflict do nothing;
    insert into partners.member (id, firm, name, roles, locale, created_at)
    values (found_firm.admin, found_firm.firm, found_firm.admin_name,
            case when found_firm.operator then array[1, 5] else array[1] end, found_firm.admin_locale, found_firm.at);
    insert into partners.link (sha256, kind, firm, member, issuer, created_at, expires_at)
    values (found_firm.link_sha256, 'sign_in', found_firm.firm, found_firm.admin, found_firm.link_issuer,
            found_firm.at, found_firm.link_expires_at);
end
$$;

-- Creates a firm for the operator. The service asks for the permission; this asks again whether the tenant is an
-- operator's firm in which somebody still holds the operator role.
create function partners.create_firm(firm uuid, name text, name_en text, uscc text, sandbox boolean, schemes text[],
                                     ids text[], admin uuid, admin_name text, admin_locale text, link_sha256 bytea,
                                     link_expires_at timestamptz, at timestamptz)
returns void
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    if not exists (select from partners.firm f where f.id = me and f.operator and f.state = 'active')
        or not (exists (select from partners.member m where m.firm = me and 5 = any (m.roles) and m.disabled_at is null)
            or exists (select from partners.api_key k where k.firm = me and 5 = any (k.roles) and k.revoked_at is null))
    then
        raise exception 'only an operator creates firms' using errcode = '42501';
    end if;
    perform partners.found_firm(firm, name, name_en, uscc, sandbox, false, schemes, ids, admin, admin_name,
                                admin_locale, me, link_sha256, link_expires_at, at);
end
$$;

-- The first operator of a database, for tandem_owner; false where there is one.
create function partners.create_operator(firm uuid, name text, admin uuid, admin_name text, admin_locale text,
                                         sandbox boolean, link_sha256 bytea, link_expires_at timestamptz,
                                         at timestamptz)
returns boolean
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_column
begin
    perform pg_advisory_xact_lock(hashtextextended('partners.operator', 0));
    if exists (select from partners.firm f where f.operator) then
        return false;
    end if;
    perform partners.found_firm(firm, name, '', '', sandbox, true, '{}', '{}', admin, admin_name, admin_locale, firm,
                                link_sha256, link_expires_at, at);
    return true;
end
$$;

-- Accepted claims; whoever keeps rows of placeholders moves them by these.
create function partners.pending_claims() returns table (placeholder uuid, firm uuid)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query select c.placeholder, c.firm from partners.claim c order by c.accepted_at, c.placeholder;
end
$$;

-- Whether the firm took the placeholder over; for definer functions of other services.
create function partners.is_claimed_by(placeholder uuid, firm uuid) returns boolean
language sql stable set search_path = '' as $$
    select exists (select from partners.claim c
                   where c.placeholder = is_claimed_by.placeholder and c.firm = is_claimed_by.firm)
$$;

revoke all on all functions in schema partners from public;
grant execute on function
    partners.resolve_credential(text, text, bytea),
    partners.ended_credentials(text[], text[]),
    partners.inspect_link(bytea),
    partners.redeem_sign_in(bytea, text, bytea, text, timestamptz, timestamptz),
    partners.accept_invitation(bytea, timestamptz, text, text, uuid, text, text, text, bytea, text, timestamptz),
    partners.claim_invitation(bytea, timestamptz),
    partners.invite_supplier(uuid, uuid, text, text, text, text[], text[], timestamptz),
    partners.invite_placeholder(text, text, text, text[], text[]),
    partners.new_invitation(uuid, bytea, timestamptz, boolean),
    partners.create_firm(uuid, text, text, text, boolean, text[], text[], uuid, text, text, bytea, timestamptz, timestamptz),
    partners.pending_claims()
    to tandem_app;
