//! What the database's catalogue must say of every table, function and login, those of tomorrow included.

use harness::World;
use sqlx::{AssertSqlSafe, PgPool};

/// Rows of a query with one text column.
async fn texts(owner: &PgPool, query: &str) -> Vec<String> {
    let found = sqlx::query_scalar(AssertSqlSafe(query.to_string())).fetch_all(owner).await;
    found.unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// Fails naming every fault.
async fn none(owner: &PgPool, rule: &str, query: &str) {
    let faults = texts(owner, query).await;
    assert!(faults.is_empty(), "{rule}:\n  {}", faults.join("\n  "));
}

const SCHEMAS: &str = "('event', 'partners', 'orders', 'interchange')";

#[tokio::test]
async fn every_table_is_behind_row_level_security() {
    let world = World::start().await;
    let owner = world.owner_pool().await;
    let tables = format!(
        "from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname in {SCHEMAS} and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations'"
    );
    let count = texts(owner, &format!("select c.relname::text {tables}")).await.len();
    assert!(count > 25, "{count} tables");
    none(
        owner,
        "row-level security is enabled and forced",
        &format!(
            "select c.oid::regclass::text {tables} and not (c.relrowsecurity and c.relforcerowsecurity)"
        ),
    )
    .await;
    none(
        owner,
        "the owner sees all rows, or definer functions and backfills see none",
        &format!(
            "select c.oid::regclass::text {tables} and not c.relispartition and not exists (
                 select from pg_policies p where p.schemaname = n.nspname and p.tablename = c.relname
                 and p.roles = '{{tandem_owner}}' and p.cmd = 'ALL' and p.qual = 'true' and p.with_check = 'true')"
        ),
    )
    .await;
    none(
        owner,
        "a partition is reached through its parent alone",
        &format!(
            "select c.oid::regclass::text {tables} and c.relispartition and exists (
                 select from aclexplode(c.relacl) a where a.grantee <> c.relowner)"
        ),
    )
    .await;
    none(
        owner,
        "every table belongs to tandem_owner",
        &format!("select c.oid::regclass::text {tables} and c.relowner <> 'tandem_owner'::regrole"),
    )
    .await;
    none(
        owner,
        "nobody but the owner reads how far migrations are",
        "select c.oid::regclass::text from pg_class c where c.relname = '_sqlx_migrations'
         and exists (select from aclexplode(c.relacl) a where a.grantee <> c.relowner)",
    )
    .await;
    world.finish().await;
}

#[tokio::test]
async fn every_policy_for_services_names_the_tenant() {
    let world = World::start().await;
    let owner = world.owner_pool().await;
    let policies =
        format!("from pg_policies where schemaname in {SCHEMAS} and not roles = '{{tandem_owner}}'");
    none(
        owner,
        "a policy is for one of our logins, never for everybody",
        &format!("select tablename || '.' || policyname {policies} and not (roles <@ '{{tandem_app,tandem_stream}}')"),
    )
    .await;
    none(
        owner,
        "tandem_stream works in schema event alone",
        &format!("select tablename || '.' || policyname {policies} and 'tandem_stream' = any (roles) and schemaname <> 'event'"),
    )
    .await;
    let tenant = "'%current_setting(''tandem.firm''%'";
    // A row of partners.firm is seen by whom it is for; its party ids by whoever sees the firm.
    let app = format!("{policies} and 'tandem_app' = any (roles)");
    none(
        owner,
        "a policy that reads compares with the tenant",
        &format!("select tablename || '.' || policyname {app} and cmd <> 'INSERT' and coalesce(qual, '') not like {tenant}"),
    )
    .await;
    none(
        owner,
        "a policy that writes has a check of its own, on the tenant",
        &format!(
            "select tablename || '.' || policyname {app} and cmd <> 'SELECT' and coalesce(with_check, '') not like {tenant}"
        ),
    )
    .await;
    none(
        owner,
        "policies add up, so that each must hold alone",
        &format!("select tablename || '.' || policyname {policies} and permissive <> 'PERMISSIVE'"),
    )
    .await;
    none(
        owner,
        "a view reads with its reader's rights",
        &format!(
            "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname in {SCHEMAS} and c.relkind in ('v', 'm')
                 and not coalesce(c.reloptions @> '{{security_invoker=true}}', false)"
        ),
    )
    .await;
    world.finish().await;
}

/// What crosses the wall, and who may call it; a new one has to be thought about here.
const DEFINERS: &[(&str, &str)] = &[
    ("event.ensure_partitions", "tandem_stream"),
    ("interchange.take_over_claimed", "tandem_app"),
    ("orders.claim_placeholder", "tandem_app"),
    ("orders.claims_to_move", "tandem_app"),
    ("partners.accept_invitation", "tandem_app"),
    ("partners.claim_invitation", "tandem_app"),
    ("partners.create_firm", "tandem_app"),
    ("partners.ended_credentials", "tandem_app"),
    ("partners.inspect_link", "tandem_app"),
    ("partners.invite_placeholder", "tandem_app"),
    ("partners.invite_supplier", "tandem_app"),
    ("partners.new_invitation", "tandem_app"),
    ("partners.pending_claims", "tandem_app"),
    ("partners.redeem_sign_in", "tandem_app"),
    ("partners.resolve_credential", "tandem_app"),
    ("partners.usable_link", ""),
];

#[tokio::test]
async fn what_crosses_the_wall_is_listed() {
    let world = World::start().await;
    let owner = world.owner_pool().await;
    let functions =
        format!("from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname in {SCHEMAS}");
    none(owner, "every function has an empty search_path", &format!(
        "select p.oid::regprocedure::text {functions} and not coalesce(p.proconfig @> array['search_path=\"\"'], false)"
    ))
    .await;
    let callers = "(select coalesce(string_agg(distinct case when a.grantee = 0 then 'public' else a.grantee::regrole::text end, ','), '')
         from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee <> p.proowner)";
    let found = texts(
        owner,
        &format!(
            "select n.nspname || '.' || p.proname || ' ' || {callers} {functions} and p.prosecdef order by 1"
        ),
    )
    .await;
    let listed: Vec<String> = DEFINERS.iter().map(|(name, caller)| format!("{name} {caller}")).collect();
    assert_eq!(found, listed, "definer functions and their callers");
    let open = texts(
        owner,
        &format!("select n.nspname || '.' || p.proname {functions} and {callers} like '%public%' order by 1"),
    )
    .await;
    // Who the tenant is, and a trigger's function, which nobody can call.
    assert_eq!(open, ["event.me", "orders.check_version"], "functions that everybody may call");
    world.finish().await;
}

#[tokio::test]
async fn the_logins_of_services_can_do_nothing_by_themselves() {
    let world = World::start().await;
    let owner = world.owner_pool().await;
    none(
        owner,
        "no login is more than a login",
        "select rolname::text from pg_roles
        where rolname in ('tandem_app', 'tandem_stream', 'tandem_owner')
            and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)",
    )
    .await;
    let ours = "('tandem_app'::regrole, 'tandem_stream'::regrole)";
    none(
        owner,
        "services own nothing",
        &format!(
            "select relname::text from pg_class where relowner in {ours}
         union all select proname::text from pg_proc where proowner in {ours}
         union all select nspname::text from pg_namespace where nspowner in {ours}
         union all select datname::text from pg_database where datdba in {ours}"
        ),
    )
    .await;
    none(
        owner,
        "services are members of nothing",
        &format!("select roleid::regrole::text from pg_auth_members where member in {ours}"),
    )
    .await;
    none(
        owner,
        "services create nothing",
        &format!(
            "select nspname::text from pg_namespace
         where nspname in {SCHEMAS} and (has_schema_privilege('tandem_app', oid, 'create')
             or has_schema_privilege('tandem_stream', oid, 'create'))"
        ),
    )
    .await;
    none(
        owner,
        "services neither delete business nor empty tables",
        &format!(
            "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname in {SCHEMAS} and c.relkind in ('r', 'p') and (
             has_table_privilege('tandem_app', c.oid, 'delete, truncate, references, trigger')
             or has_table_privilege('tandem_stream', c.oid, 'truncate, references, trigger'))"
        ),
    )
    .await;
    none(
        owner,
        "the sequencer knows no business",
        "select c.oid::regclass::text
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ('partners', 'orders', 'interchange') and c.relkind in ('r', 'p', 'v')
            and has_any_column_privilege('tandem_stream', c.oid, 'select, insert, update')",
    )
    .await;
    world.finish().await;
}

#[tokio::test]
async fn keys_of_one_firm_say_nothing_of_another() {
    let world = World::start().await;
    let owner = world.owner_pool().await;
    // A unique key without a firm in it would tell by its violation what others have. Keys that the platform makes at
    // random tell nothing.
    let keys = texts(
        owner,
        &format!(
            "select c.oid::regclass::text || ' (' || string_agg(a.attname, ', ' order by k.place) || ')'
             from pg_index i
             join pg_class c on c.oid = i.indrelid and not c.relispartition
             join pg_namespace n on n.oid = c.relnamespace
             join unnest(i.indkey) with ordinality k (attnum, place) on true
             join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
             where n.nspname in {SCHEMAS} and i.indisunique and c.relname <> '_sqlx_migrations'
             group by c.oid, i.indexrelid
             having not array_agg(a.attname::text) && '{{firm,buyer,feed}}'
             order by 1"
        ),
    )
    .await;
    assert_eq!(
        keys,
        [
            "event.event_log (log_pos, month)",
            "event.head (only_row)",
            "event.outbox (id)",
            "interchange.document (id)",
            "partners.api_key (actor)",
            "partners.api_key (id)",
            "partners.claim (placeholder)",
            "partners.firm (id)",
            "partners.link (sha256)",
            "partners.member (id)",
            "partners.session (id)",
            "partners.site (id)",
            "partners.trading_relationship (id)",
        ]
    );
    world.finish().await;
}
