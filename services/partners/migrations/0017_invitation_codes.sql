-- Codes of invitations: who takes one up shows that the mail of the address which the inviter gave is read there. A link that
-- went astray is not enough then.

set local lock_timeout = '3s';
alter table partners.link
    add column code bytea,
    add column code_expires_at timestamptz,
    add column code_tries integer not null default 0,
    add column codes integer not null default 0;
comment on column partners.link.code is
    'of an invitation: tells the code that was mailed last, by a key of the platform; the code itself stands nowhere';
comment on column partners.link.code_tries is 'how often that code was tried, right or wrong';
comment on column partners.link.codes is 'how many codes were mailed: each gives whoever guesses some tries more';

-- Whom the inviter gave to be mailed for an invitation that can be used; no row where that is nobody. Whoever knows the token's
-- hash holds the link.
create function partners.invitation_contact(sha256 bytea, at timestamptz)
returns table (mail text, locale text, invited_by text)
language sql stable security definer set search_path = '' as $$
    select c.mail, c.locale, l.invited_by
    from partners.inspect_link(invitation_contact.sha256) l
    join partners.trading_relationship r on r.buyer = l.issuer and r.supplier = l.firm
    join partners.supplier_contact c on c.buyer = r.buyer and c.relationship = r.id
    where l.kind = 'invitation' and l.used_at is null and not l.ended and l.expires_at > invitation_contact.at
        and c.mail <> ''
$$;

-- Keeps what tells the code that an invitation is mailed now, in place of the one before; false where so many were mailed.
create function partners.keep_invitation_code(sha256 bytea, code bytea, expires_at timestamptz, most integer)
returns boolean
language sql volatile security definer set search_path = '' as $$
    with kept as (
        update partners.link l
        set code = keep_invitation_code.code, code_expires_at = keep_invitation_code.expires_at, code_tries = 0,
            codes = l.codes + 1
        where l.sha256 = keep_invitation_code.sha256 and l.kind = 'invitation' and l.used_at is null
            and l.codes < keep_invitation_code.most
        returning l.sha256
    )
    select exists (select from kept)
$$;

-- Takes one of so many tries of an invitation's code, and answers what tells it; null where no code works.
create function partners.try_invitation_code(sha256 bytea, at timestamptz, most integer) returns bytea
language sql volatile security definer set search_path = '' as $$
    update partners.link l set code_tries = l.code_tries + 1
    where l.sha256 = try_invitation_code.sha256 and l.code_expires_at > try_invitation_code.at
        and l.code_tries < try_invitation_code.most
    returning l.code
$$;
revoke all on function partners.invitation_contact(bytea, timestamptz),
    partners.keep_invitation_code(bytea, bytea, timestamptz, integer),
    partners.try_invitation_code(bytea, timestamptz, integer) from public;
grant execute on function partners.invitation_contact(bytea, timestamptz),
    partners.keep_invitation_code(bytea, bytea, timestamptz, integer),
    partners.try_invitation_code(bytea, timestamptz, integer) to tandem_app;
