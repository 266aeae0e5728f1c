## What the settings share

ask-save = Save
ask-optional = (optional)
ask-acts = Actions
ask-required = Fill in “{ $field }”.
ask-wrong = Please check “{ $field }”.
ask-long = “{ $field }” is too long; shorten it.
ask-characters = “{ $field }” has characters that cannot be used.
remove = Remove
rename = Rename
upload = Upload
language = Language
language-zh = Chinese
language-en = English
firm-saved = Saved.
firm-removed = Removed.

## Lists as files

list-file = Choose a file
list-file-hint = A CSV file in UTF-8 or GB18030; the first line names the columns.
list-pasted = Or paste what you copied from a spreadsheet
rows-encoding = This file cannot be read. Save it as CSV UTF-8 and try again.
rows-empty = There are no rows. Choose a file, or paste below; the first line names the columns.
rows-missing = The column “{ $column }” is missing. Name the columns in the first line.
rows-unknown = The column “{ $column }” is not known. Name it as above, or leave it out.
rows-twice = The column “{ $column }” is there twice; leave one out.
rows-too-many = At most { $most } rows at once; send it in parts.
row-wrong = Row { $row } ({ $written }): please check “{ $field }”.

## The settings’ first page

settings-body = Set up once, and changed when something changes.
settings-trade = Trading with partners
settings-told = Notices and interfaces
settings-own = Your firm
settings-platform = The platform
settings-none = Not set up
settings-done = Set up
settings-terms = Time to answer, frozen horizon and reminders that hold for all suppliers.
settings-sites = Where goods are made, sent and received; orders name them by code.
settings-groups = Names of the codes that orders carry; members and keys can be narrowed to them.
settings-aliases = What your ERP’s units, plants and tax codes mean.
settings-clusters = Clusters that your firm belongs to, and invitations.
settings-acts = What the platform’s operator did to your firm, and why.
settings-firms = Find firms; verify, suspend and merge them, reset an administrator.

terms-all = Terms for all suppliers
terms-all-body = They hold for suppliers without terms of their own; those are set on the supplier’s page.
terms-all-hint = Working days; empty: the platform’s own value.
terms-range = Enter whole days, at most 250 to answer and frozen, at most 60 for reminders.

## Members

member-new = Add a member
member-new-body = Then make a sign-in link for the person, who opens it to sign in; no password is needed.
member-edit-body = Change what this member may do. Disabling ends its sessions within seconds.
member-added = The member was added. Make a sign-in link for the person.
member-changed = Saved.
member-active-hint = Signs in with a sign-in link
member-disabled-hint = Cannot sign in; sessions end at once
role-buyer-hint = Publishes and changes orders, decides suppliers’ proposals
role-sales-hint = Answers orders
role-viewer-hint = Sees everything, changes nothing
role-admin-hint = Manages members, keys and settings, and does all of the above
role-operator-hint = Manages firms of the platform; sees no orders and no prices
scope-sites-hint = Only orders of these sites; none chosen: all.
scope-groups-hint = Only orders of these groups; none chosen: all.

## Sites and purchasing groups

sites = Sites
sites-body = Orders name the place to deliver to by the code of a site.
sites-empty = No sites yet. Add the first one with the plant code of your ERP.
site-new = Add a site
site-name = Name of the site
site-address = Address
site-code-hint = As your ERP’s plant code, such as NT-1.
site-taken = Another site has this code.
country = Country code
country-hint = Two capital letters, such as CN.
groups = Purchasing groups
groups-body = Give the group codes of orders a name that everybody understands.
groups-empty = No purchasing groups yet. Orders show their codes; once added, they show the name.
group-new = Add a purchasing group
group-name = Name of the group
group-code-hint = As in your ERP, leading zeros included, such as 001.
group-delete = Remove a purchasing group
group-delete-body = Only the name leaves the list; orders keep their code.

## Alias tables

aliases = Alias tables
aliases-body = Say here what your ERP’s units, plants and tax codes mean; they are replaced when an order is published, and what was written is kept.
alias-units = Units of measure
alias-sites = Ship-to plants
alias-taxes = Tax codes
alias-unit-hint = Means a code of UN/ECE Recommendation 20, such as H87 (piece) or KGM (kilogram)
alias-site-hint = Means the code of one of your sites
alias-tax-hint = Means a tax category, such as S (standard rate), with its rate
alias-kind = Kind
alias-written = As your ERP writes it
alias-written-hint = Exactly as in the ERP; capitals count.
alias-meaning = Meaning
alias-meaning-hint = A standard code, or the code of a site.
alias-system = Source system
alias-system-hint = Only for orders of this system, such as sap; empty: for all.
alias-every-system = All
alias-new = Add one
alias-many = Upload a list
alias-many-body = Adds or changes many at once; saved only if every row is right.
alias-columns = Columns: kind (unit, site, tax), written, meaning, and where needed tax_rate (%), source_system.
alias-empty = No entries yet. What has no entry is published as written.
alias-done = { $added } added, { $changed } changed, { $unchanged } unchanged.
alias-rate-of-row = The tax rate of row { $row } is no number. Write it in per cent, such as 13.
tax-rate = Tax rate (%)
tax-rate-hint = For tax codes alone, such as 13.
tax-rate-wrong = A tax code needs a rate, such as 13; units and plants have none.

## Inviting suppliers

partners-body = Suppliers and customers that your firm exchanges orders with. Open one for its terms, tolerances and scores.
invite-one = Invite a supplier
invite-one-body = You can publish orders to it at once. Send the supplier the link that is made; it opens the link and answers.
invite-list = Invite many
invite-list-body = Up to { $most } at once, with a result and a link for each row. The same file may be sent again; nobody is made twice.
invite-list-do = Invite these suppliers
invite-columns = Columns: name, vendor_number, and where known uscc, contact_name, phone, mail, language. With a mail address, and where mail goes out here, a link is accepted with a code that is mailed there; without, by whoever has it.
invite-again = Invited before, not yet here
invite-renew = Make new links for them
invite-renew-hint = Links that were sent before stop working
invite-taken = The supplier with this number is a partner already.
supplier-name = Name of the supplier
vendor-number-hint = As in your ERP, leading zeros included, such as 0010027.
uscc = Unified social credit code
contact = Contact
contact-hint = Who gets the link; only your firm sees this.
phone = Phone
phone-wrong = Enter a phone number such as +86 100-0000-0001.
mail = Mail
mail-wrong = Enter a mail address such as name@example.com.
invited-title = { $n ->
    [one] { $n } supplier invited
   *[other] { $n } suppliers invited
}
invited-body = Send each supplier its link.
invited-no-links = There are no new links.
invited-refused = { $n ->
    [one] { $n } row was not done; see why below. Correct it and send the whole file once more.
   *[other] { $n } rows were not done; see why below. Correct them and send the whole file once more.
}
invited-once = The links are shown only here and only once; save them now.
invited-save = Download the list (CSV)
invited-copy = Copy all links
invited-all = All links
invited = Invited
invited-partner = Partner already
invited-twice = Twice in the list
invited-wrong = Not done
invited-same-as = Same vendor number as row { $row }.
invited-faults = Faults

## Clusters

clusters = Clusters
clusters-body = An operator brings firms together; a firm belongs only by its own consent. Members see your firm’s name and nothing else.
clusters-invited = Invitations that wait for your consent
clusters-own = You belong to
clusters-empty = Your firm belongs to no cluster. Invitations appear here.
clusters-run = Clusters that your firm runs
clusters-run-empty = No clusters yet. Make one first.
cluster = Cluster
cluster-name = Name of the cluster
cluster-name-en = Name in English
cluster-new = Make a cluster
cluster-members = Members
cluster-members-body = Each firm belongs by its own consent; members see one another’s names alone.
cluster-members-empty = No members yet.
cluster-members-run-empty = No members yet. Find a firm and invite it from its page.
cluster-invite-find = Find firms to invite
cluster-invited = The invitation was sent; the firm belongs once it consents.
cluster-join = Join the cluster
cluster-join-body = Members will see your firm’s name; no orders, prices or anything else is shared. You can leave at any time.
cluster-join-do = Consent and join
cluster-decline = Decline
cluster-decline-body = The operator may invite you again.
cluster-leave = Leave the cluster
cluster-leave-body = Members will no longer see your firm’s name; the operator may invite you again.
cluster-joined = Your firm has joined the cluster.
cluster-left = Left or declined.
cluster-state-joined = Joined
cluster-state-invited = Invited
cluster-state-left = Left
operator = Operator

## The operator’s pages

nav-firms = Firms
firms-body = Find firms of the platform, check who they are, and help where something is wrong. No orders and no prices are seen here.
firms-search = Name, credit code or id
firms-none = No firms fit.
firm-any = Any state
firm-active = Active
firm-suspended = Suspended
firm-placeholder = Invited, not yet here
firm-claimed = Merged into another
firm-verified = Verified
firm-to-verify = To verify
firm-unverified = Not verified
firm-checked = Identity
firm-admins = Administrators
firm-suppliers = Suppliers
firm-buyers = Customers
firm-new = Make a firm
firm-new-body = Makes a firm with its first administrator, and a sign-in link to hand to that person.
firm-name-en = Name in English
firm-done = Done. The firm can read this act and its reason.
uscc-suspect = check character does not fit
admin-name = Administrator’s name
acts = Actions
acts-body = Everything that the operator did, with its reason, the newest first.
acts-own = Actions of the operator
acts-own-body = Everything that the platform’s operator did to your firm, with its reason, the newest first.
acts-empty = Nothing yet.
act = Action and reason
act-by = By
act-at = Time
act-verified = Verified the firm
act-unverified = Took the verification back
act-suspended = Suspended the firm
act-reinstated = Reinstated the firm
act-merged = Merged the firm
act-reset-admin = Reset the administrator
act-other = Another action
do-verify = Verify
do-verify-body = Say that you looked at evidence and that the firm is who it says. Its partners see the mark.
do-evidence = What you looked at
do-evidence-hint = For example: business licence, original, 20 Nov 2026. The firm can read it.
do-unverify = Take verification back
do-unverify-body = Partners will see that the firm is not verified.
do-suspend = Suspend
do-suspend-body = Its keys, sessions and links stop working at once, and new orders to it are refused. Nothing is lost; it can be reinstated.
do-reinstate = Reinstate
do-reinstate-body = Its keys and sessions work as before.
do-merge = Merge into another firm
do-merge-body = For a firm that is here twice: everything that this one supplies moves to the firm that stays, and nobody signs in to this one any more. It cannot be undone.
do-survivor = Which firm stays
do-survivor-none = No firm was found that could stay. Look for it above by name or credit code.
do-reset-admin = Reset the administrator
do-reset-admin-body = For a firm whose administrators cannot be reached: names a new one and makes a sign-in link. All members are told.
do-cluster = Invite to a cluster
do-cluster-body = The firm belongs once it consents.
do-reason-hint = The firm can read this reason.
