//! What the database's catalogue must say of every table, function and login, those of tomorrow included; and that
//! these rules notice when it does not.

use std::time::Instant;

use harness::{World, seeded};
use sqlx::{AssertSqlSafe, PgConnection};

/// A rule, and a query that answers whatever breaks it. `$tables`, `$policies`, `$functions` and `$callers` stand for
/// what follows below.
const RULES: &[(&str, &str)] = &[
    (
        "row-level security is enabled and forced",
        "select c.oid::regclass::text $tables and not (c.relrowsecurity and c.relforcerowsecurity)",
    ),
    (
        "the owner sees all rows, or definer functions and backfills see none",
        "select c.oid::regclass::text $tables and not c.relispartition and not exists (
             select from pg_policies p where p.schemaname = n.nspname and p.tablename = c.relname
             and p.roles = '{tandem_owner}' and p.cmd = 'ALL' and p.qual = 'true' and p.with_check = 'true')",
    ),
    (
        "a partition is reached through its parent alone",
        "select c.oid::regclass::text $tables and c.relispartition
             and exists (select from aclexplode(c.relacl) a where a.grantee <> c.relowner)",
    ),
    (
        "every table belongs to tandem_owner",
        "select c.oid::regclass::text $tables and c.relowner <> 'tandem_owner'::regrole",
    ),
    (
        "nobody but the owner reads how far migrations are",
        "select c.oid::regclass::text from pg_class c where c.relname = '_sqlx_migrations'
             and exists (select from aclexplode(c.relacl) a where a.grantee <> c.relowner)",
    ),
    (
        "a policy is for one of our logins, never for everybody",
        "select tablename || '.' || policyname $policies and not (roles <@ '{tandem_app,tandem_stream}')",
    ),
    (
        "tandem_stream works in schema event alone",
        "select tablename || '.' || policyname $policies
             and 'tandem_stream' = any (roles) and schemaname <> 'event'",
    ),
    (
        "a policy that reads compares with the tenant",
        "select tablename || '.' || policyname $policies and 'tandem_app' = any (roles) and cmd <> 'INSERT'
             and coalesce(qual, '') not like '%current_setting(''tandem.firm''%'",
    ),
    (
        "a policy that writes has a check of its own, on the tenant",
        "select tablename || '.' || policyname $policies and 'tandem_app' = any (roles) and cmd <> 'SELECT'
             and coalesce(with_check, '') not like '%current_setting(''tandem.firm''%'",
    ),
    (
        "a view reads with its reader's rights",
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = any ($schemas) and c.relkind in ('v', 'm')
             and not coalesce(c.reloptions @> '{security_invoker=true}', false)",
    ),
    (
        "every function has an empty search_path",
        "select p.oid::regprocedure::text $functions
             and not coalesce(p.proconfig @> array['search_path=\"\"'], false)",
    ),
    (
        "no login is more than a login",
        "select rolname::text from pg_roles
         where rolname in ('tandem_app', 'tandem_stream', 'tandem_owner')
             and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)",
    ),
    (
        "services own nothing",
        "select relname::text from pg_class where relowner in $services
         union all select proname::text from pg_proc where proowner in $services
         union all select nspname::text from pg_namespace where nspowner in $services
         union all select datname::text from pg_database where datdba in $services",
    ),
    (
        "services are members of nothing",
        "select roleid::regrole::text from pg_auth_members where member in $services",
    ),
    (
        "services create nothing",
        "select nspname::text from pg_namespace
         where nspname = any ($schemas) and (has_schema_privilege('tandem_app', oid, 'create')
             or has_schema_privilege('tandem_stream', oid, 'create'))",
    ),
    (
        "services neither delete business nor empty tables",
        "select c.oid::regclass::text $tables and (
             has_table_privilege('tandem_app', c.oid, 'delete, truncate, references, trigger')
             or has_table_privilege('tandem_stream', c.oid, 'truncate, references, trigger'))",
    ),
    (
        "the sequencer knows no business",
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname in ('partners', 'orders', 'interchange', 'notices', 'capacity', 'resources') and c.relkind in ('r', 'p', 'v')
             and has_any_column_privilege('tandem_stream', c.oid, 'select, insert, update')",
    ),
];

/// What the short names in [`RULES`] and below stand for.
const NAMES: &[(&str, &str)] = &[
    (
        "$tables",
        "from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = any ($schemas) and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations'",
    ),
    ("$policies", "from pg_policies where schemaname = any ($schemas) and not roles = '{tandem_owner}'"),
    (
        "$functions",
        "from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any ($schemas)",
    ),
    (
        "$callers",
        "(select coalesce(string_agg(distinct case when a.grantee = 0 then 'public'
                 else a.grantee::regrole::text end, ','), '')
          from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee <> p.proowner)",
    ),
    ("$services", "('tandem_app'::regrole, 'tandem_stream'::regrole)"),
    ("$schemas", "'{event,partners,orders,interchange,notices,capacity,resources}'::text[]"),
];

/// What crosses the wall, and who may call it; a new one has to be thought about here.
const DEFINERS: &[(&str, &str)] = &[
    ("capacity.best_offers", "tandem_app"),
    ("capacity.borrowed_ends", ""),
    ("capacity.borrowers_due", "tandem_app"),
    ("capacity.buckets_in_sight", "tandem_app"),
    ("capacity.buckets_on_sale", "tandem_app"),
    ("capacity.cluster_matches", "tandem_app"),
    ("capacity.confirm_reservation", "tandem_app"),
    ("capacity.end_reservation", "tandem_app"),
    ("capacity.firms_to_book", "tandem_app"),
    ("capacity.firms_to_match", "tandem_app"),
    ("capacity.firms_to_measure", "tandem_app"),
    ("capacity.give_back_consumed", "tandem_app"),
    ("capacity.has_offered", "tandem_app"),
    ("capacity.hold_capacity", "tandem_app"),
    ("capacity.hold_many", "tandem_app"),
    ("capacity.lenders_due", "tandem_app"),
    ("capacity.lock_holds", "tandem_app"),
    ("capacity.may_take", "tandem_app"),
    ("capacity.names_in_sight", "tandem_app"),
    ("capacity.note_promises", "tandem_app"),
    ("capacity.offer_sites", "tandem_app"),
    ("capacity.offered_moves", ""),
    ("capacity.offers_but_for_process", "tandem_app"),
    ("capacity.offers_found", "tandem_app"),
    ("capacity.offers_in_sight", "tandem_app"),
    ("capacity.offers_to_match", "tandem_app"),
    ("capacity.offers_to_trim", "tandem_app"),
    ("capacity.offers_without_facts", "tandem_app"),
    ("capacity.places_of", "tandem_app"),
    ("capacity.profiles_in_sight", "tandem_app"),
    ("capacity.promise", "tandem_app"),
    ("capacity.requests_in_sight", "tandem_app"),
    ("capacity.reservation_sites", "tandem_app"),
    ("capacity.reservations_due", "tandem_app"),
    ("capacity.settle_many", "tandem_app"),
    ("capacity.settle_promises", "tandem_app"),
    ("capacity.subject_sites", "tandem_app"),
    ("capacity.take_hold", "tandem_app"),
    ("event.clear_outbox", "tandem_stream"),
    ("event.drop_month", "tandem_stream"),
    ("event.ensure_partitions", "tandem_stream"),
    ("event.unread_upto", "tandem_stream"),
    ("event.webhooks_due", "tandem_app"),
    ("event.webhooks_in_turn", "tandem_app"),
    ("interchange.take_over_claimed", "tandem_app"),
    ("notices.ask_for_sign_in", "tandem_app"),
    ("notices.delivery_health", "tandem_app"),
    ("notices.firms_behind", "tandem_app"),
    ("notices.firms_due", "tandem_app"),
    ("notices.take_sign_in_requests", "tandem_app"),
    ("orders.claim_placeholder", "tandem_app"),
    ("orders.claims_to_move", "tandem_app"),
    ("orders.found", "tandem_app"),
    ("orders.inspect_order_link", "tandem_app"),
    ("orders.move_claimed_rules", "tandem_app"),
    ("orders.named", "tandem_app"),
    ("orders.note_due", ""),
    ("orders.resolve_order_link", "tandem_app"),
    ("orders.deadlines_to_sweep", "tandem_app"),
    ("orders.watch_again", "tandem_app"),
    ("orders.watch_promise", ""),
    ("partners.accept_invitation", "tandem_app"),
    ("partners.changed_credentials", "tandem_app"),
    ("partners.claim_invitation", "tandem_app"),
    ("partners.cluster_members", "tandem_app"),
    ("partners.clusters_of", "tandem_app"),
    ("partners.create_firm", "tandem_app"),
    ("partners.current_announcements", "tandem_app"),
    ("partners.end_mailed_links", "tandem_app"),
    ("partners.find_firms", "tandem_app"),
    ("partners.inspect_link", "tandem_app"),
    ("partners.invitation_contact", "tandem_app"),
    ("partners.invite_placeholder", "tandem_app"),
    ("partners.invite_supplier", "tandem_app"),
    ("partners.invite_to_cluster", "tandem_app"),
    ("partners.keep_invitation_code", "tandem_app"),
    ("partners.merge_firms", "tandem_app"),
    ("partners.merged_relationships", "tandem_app"),
    ("partners.new_invitation", "tandem_app"),
    ("partners.operate", "tandem_app"),
    ("partners.operates", "tandem_app"),
    ("partners.partners_of", "tandem_app"),
    ("partners.pending_claims", "tandem_app"),
    ("partners.redeem_sign_in", "tandem_app"),
    ("partners.reset_admin", "tandem_app"),
    ("partners.resolve_credential", "tandem_app"),
    ("partners.try_invitation_code", "tandem_app"),
    ("partners.usable_link", ""),
    ("partners.webhook_health", "tandem_app"),
    ("resources.begin_download", "tandem_app"),
    ("resources.contents_due", "tandem_app"),
    ("resources.despatch_policy", "tandem_app"),
    ("resources.end_download", "tandem_app"),
    ("resources.ended_credentials", "tandem_app"),
    ("resources.entitlements_due", "tandem_app"),
    ("resources.entitlements_left", "tandem_app"),
    ("resources.files_in_sight", "tandem_app"),
    ("resources.firms_to_bind", "tandem_app"),
    ("resources.has_left", "tandem_app"),
    ("resources.held_entitlements", "tandem_app"),
    ("resources.in_cluster", "tandem_app"),
    ("resources.knows", "tandem_app"),
    ("resources.lost_downloads", "tandem_app"),
    ("resources.names", "tandem_app"),
    ("resources.owners_to_announce", "tandem_app"),
    ("resources.pins_in_sight", "tandem_app"),
    ("resources.readers", "tandem_app"),
    ("resources.revisions_in_sight", "tandem_app"),
    ("resources.search", "tandem_app"),
    ("resources.seen", "tandem_app"),
    ("resources.sight_of", "tandem_app"),
    ("resources.stopped_downloads", "tandem_app"),
    ("resources.uploads_due", "tandem_app"),
    ("resources.viewed_lately", "tandem_app"),
];

/// Who the tenant is, and a trigger's function, which nobody can call.
const OPEN: &[&str] = &["event.me", "orders.check_published", "orders.check_version"];

/// Unique keys without a firm in them: what the platform numbers or makes at random, since the violation of any other
/// would tell what others have.
const KEYS: &[&str] = &[
    "event.event_log (log_pos, month)",
    "event.head (only_row)",
    "event.kafka_place (only_row)",
    "interchange.document (id)",
    "notices.sign_in_request (id)",
    "partners.api_key (actor)",
    "partners.api_key (id)",
    "partners.claim (placeholder)",
    "partners.cluster (id)",
    "partners.firm (id)",
    "partners.link (sha256)",
    "partners.member (id)",
    "partners.session (id)",
    "partners.site (id)",
    "partners.trading_relationship (id)",
];

/// The rows of a query with one text column.
async fn texts(owner: &mut PgConnection, query: &str) -> Vec<String> {
    let query = NAMES.iter().fold(query.to_string(), |query, (name, what)| query.replace(name, what));
    let found = sqlx::query_scalar(AssertSqlSafe(query.clone())).fetch_all(owner).await;
    found.unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// Everything that breaks a rule, with the rule.
async fn faults(owner: &mut PgConnection) -> Vec<String> {
    let mut faults = Vec::new();
    for (rule, query) in RULES {
        faults.extend(texts(owner, query).await.into_iter().map(|found| format!("{rule}: {found}")));
    }
    let listed: Vec<String> = DEFINERS.iter().map(|(name, caller)| format!("{name} {caller}")).collect();
    let definers =
        "select n.nspname || '.' || p.proname || ' ' || $callers $functions and p.prosecdef order by 1";
    let open = "select n.nspname || '.' || p.proname $functions and $callers like '%public%' order by 1";
    let keys = "select c.oid::regclass::text || ' (' || string_agg(a.attname, ', ' order by k.place) || ')'
         from pg_index i
         join pg_class c on c.oid = i.indrelid and not c.relispartition
         join pg_namespace n on n.oid = c.relnamespace
         join unnest(i.indkey) with ordinality k (attnum, place) on true
         join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
         where n.nspname = any ($schemas) and i.indisunique and c.relname <> '_sqlx_migrations'
         group by c.oid, i.indexrelid
         having not array_agg(a.attname::text) && '{firm,buyer,feed,customer,owner}'
             -- where the supplier is the tenant of its own keys
             and not (min(n.nspname) = 'capacity' and 'supplier' = any (array_agg(a.attname::text)))
         order by 1";
    let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (rule, query, expected) in [
        ("functions that cross the wall are listed, with who may call them", definers, listed),
        ("functions that everybody may call are listed", open, owned(OPEN)),
        ("a key without a firm in it is listed", keys, owned(KEYS)),
    ] {
        let found = texts(owner, query).await;
        faults.extend(found.iter().filter(|one| !expected.contains(one)).map(|one| format!("{rule}: {one}")));
        let gone = expected.iter().filter(|one| !found.contains(one));
        faults.extend(gone.map(|one| format!("{rule}: {one} is listed and not there")));
    }
    faults
}

#[tokio::test]
async fn the_catalogue_keeps_every_rule() {
    let world = World::start().await;
    let mut owner = world.owner_pool().await.acquire().await.unwrap();
    let tables = texts(&mut owner, "select c.relname::text $tables").await;
    assert!(tables.len() > 25, "{tables:?}");
    let faults = faults(&mut owner).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    drop(owner);
    world.finish().await;
}

/// Ways to break the wall, and the rule that notices.
const DEFECTS: &[(&str, &str)] = &[
    ("alter table orders.proposal disable row level security", "row-level security is enabled and forced"),
    ("alter table partners.site no force row level security", "row-level security is enabled and forced"),
    ("create table orders.comment (id uuid, buyer uuid)", "row-level security is enabled and forced"),
    (
        "alter table partners.announcement disable row level security",
        "row-level security is enabled and forced",
    ),
    (
        "drop policy app_own on partners.dismissal;
         create policy app_own on partners.dismissal for all to tandem_app using (true) with check (true)",
        "a policy that reads",
    ),
    ("drop policy owner_all on orders.response", "the owner sees all rows"),
    ("create policy open on orders.response for select to tandem_app using (true)", "a policy that reads"),
    ("create policy all_of_us on partners.site for select using (true)", "a policy is for one of our logins"),
    (
        "drop policy two_firms_update on orders.order_state;
         create policy two_firms_update on orders.order_state for update to tandem_app
         using (buyer = nullif(current_setting('tandem.firm', true), '')::uuid)",
        "a policy that writes has a check of its own",
    ),
    (
        "create view orders.all_orders as select id from orders.purchase_order",
        "a view reads with its reader's",
    ),
    (
        "create function orders.peek() returns bigint language sql security definer set search_path = ''
         as 'select count(*) from orders.purchase_order'",
        "functions that cross the wall are listed",
    ),
    ("alter function orders.claims_to_move() reset search_path", "every function has an empty search_path"),
    ("grant execute on function partners.is_claimed_by to public", "functions that everybody may call"),
    ("grant execute on function partners.usable_link to tandem_app", "functions that cross the wall"),
    ("grant delete on orders.purchase_order to tandem_app", "services neither delete business"),
    ("grant create on schema orders to tandem_app", "services create nothing"),
    ("grant select (content) on orders.order_revision to tandem_stream", "the sequencer knows no business"),
    ("create unique index on partners.firm (uscc)", "a key without a firm in it"),
    ("create unique index on orders.purchase_order (order_number)", "a key without a firm in it"),
];

#[tokio::test]
async fn a_broken_wall_is_noticed() {
    let world = World::start().await;
    let mut owner = world.owner_pool().await.acquire().await.unwrap();
    let began = Instant::now();
    for (defect, rule) in DEFECTS {
        sqlx::raw_sql("begin").execute(&mut *owner).await.unwrap();
        let broken = sqlx::raw_sql(AssertSqlSafe(*defect)).execute(&mut *owner).await;
        broken.unwrap_or_else(|error| panic!("{defect}: {error}"));
        let faults = faults(&mut owner).await;
        sqlx::raw_sql("rollback").execute(&mut *owner).await.unwrap();
        assert!(faults.iter().any(|fault| fault.starts_with(rule)), "{defect}: {faults:?}");
    }
    seeded::noticed("broken-walls", began.elapsed());
    drop(owner);
    world.finish().await;
}
