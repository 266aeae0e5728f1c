-- What other services read of both sides of a relationship, and of the numbers by which documents name firms.
create view partners.trading_partner with (security_invoker = true) as
    select r.buyer, r.supplier, r.state, b.state as buyer_state, s.state as supplier_state, b.name as buyer_name,
           s.name as supplier_name
    from partners.trading_relationship r
    join partners.firm b on b.id = r.buyer
    join partners.firm s on s.id = r.supplier;
comment on view partners.trading_partner is 'relationships of the tenant as either side, ended ones included';

create view partners.firm_party_id with (security_invoker = true) as
    select p.firm, p.scheme, p.value from partners.party_id p
    union
    select k.supplier, k.scheme, k.value from partners.known_as k where k.scheme not in ('NAME', 'USCC');
comment on view partners.firm_party_id is
    'numbers of the tenant and of its partners: their own, and those that the tenant gave when inviting';

grant select on partners.trading_partner, partners.firm_party_id to tandem_app;
