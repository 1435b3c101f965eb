package links

import (
	"path"
	"slices"
	"strings"
)

// applications says what refers to what in programs that hosting providers and
// their customers run, none of which declares it: tables that tell the program
// from others (the first, and most of the rest), without the prefix that an installation gives them, and then of
// each column whose rows it refers to. "-" says that it leads to nobody's own
// rows: who made a row, to whom a reseller's belongs. A pattern stands for all
// tables that have the column and are not named themselves. "a.id > b.a_id" is
// of rows that belong to the one that refers to them alone, as the account of a
// mailbox. What follows names the kinds of rows for which it holds, of the first
// table or, behind "if", of the second. The tables are those of the programs' own
// installers.
const applications = `
WHMCS: tblclients tblhosting tblinvoices tblinvoiceitems tbltickets
tbl*.userid > tblclients.id
tbl*.clientid > tblclients.id
tblusers_clients.client_id > tblclients.id
tblusers_clients.auth_user_id > tblusers.id
tblusers_clients.owner -
tblusers.id > tblusers_clients.auth_user_id
tblinvoiceitems.invoiceid > tblinvoices.id
tblaccounts.invoiceid > tblinvoices.id
tbltransaction_history.invoice_id > tblinvoices.id
tblquoteitems.quoteid > tblquotes.id
tblticketreplies.tid > tbltickets.id
tblticketlog.tid > tbltickets.id
tblticketnotes.ticketid > tbltickets.id
tblticketfeedback.ticketid > tbltickets.id
tblhostingaddons.hostingid > tblhosting.id
tblhostingconfigoptions.relid > tblhosting.id
tblcancelrequests.relid > tblhosting.id
tblsslorders.serviceid > tblhosting.id
tbldomainsadditionalfields.domainid > tbldomains.id
tblcreditcards.pay_method_id > tblpaymethods.id
tblbankaccts.pay_method_id > tblpaymethods.id
tblpaymethods.contact_id -
tblaffiliatesaccounts.affiliateid > tblaffiliates.id
tblaffiliateshistory.affiliateid > tblaffiliates.id

Plesk: clients domains hosting data_bases mail dns_recs
clients.parent_id -
clients.vendor_id -
domains.vendor_id -
domains.cl_id > clients.id
domains.webspace_id > domains.id
*.cl_id > clients.id
*.dom_id > domains.id
*.mn_id > mail.id
accounts.id > clients.account_id
accounts.id > mail.account_id
accounts.id > sys_users.account_id
accounts.id > db_users.account_id
clients.account_id > accounts.id
sys_users.id > hosting.sys_user_id
sys_users.id > ftp_users.sys_user_id
db_users.db_id > data_bases.id
dns_zone.id > domains.dns_zone_id
dns_recs.dns_zone_id > dns_zone.id
log_actions.user > clients.login

ISPConfig: client sys_group sys_user web_domain mail_domain
client.sys_groupid -
client.sys_userid -
client.parent_client_id -
sys_user.sys_groupid -
sys_user.sys_userid -
sys_user.default_group -
server.sys_groupid -
sys_group.client_id > client.client_id
sys_user.client_id > client.client_id
*.client_id > client.client_id
*.sys_groupid > sys_group.groupid
*.sys_userid -
*.parent_domain_id > web_domain.domain_id
*.mailuser_id > mail_user.mailuser_id
dns_rr.zone > dns_soa.id
web_database.database_user_id > web_database_user.database_user_id
web_database.database_ro_user_id > web_database_user.database_user_id
web_traffic.hostname > web_domain.domain
ftp_traffic.hostname > web_domain.domain
aps_instances.customer_id > client.client_id
support_message.sender_id > sys_user.userid
support_message.recipient_id > sys_user.userid
sys_datalog.user -

Froxlor: panel_customers panel_domains mail_users ftp_users
*.customerid > panel_customers.customerid
*.adminid -
*.domainid > panel_domains.id
panel_domaintoip.id_domain > panel_domains.id
mail_virtual.popaccountid > mail_users.id
panel_syslog.user > panel_customers.loginname
panel_loginlinks.loginname > panel_customers.loginname

i-MSCP: admin domain mail_users sql_database reseller_props
admin.created_by -
domain.domain_admin_id > admin.admin_id
domain.domain_created_id -
*.domain_id > domain.domain_id
*.admin_id > admin.admin_id
mail_users.sub_id -
sql_user.sqld_id > sql_database.sqld_id
tickets.ticket_from > admin.admin_id
login.user_name > admin.admin_name

HostBill: client_access client_details accounts invoice_items
client_details.id > client_access.id
client_access.id > client_details.id
*.client_id > client_access.id
invoice_items.invoice_id > invoices.id
transactions.invoice_id > invoices.id
ticket_replies.ticket_id > tickets.id

Blesta: clients contacts contact_numbers client_groups service_fields
clients.id > contacts.client_id
users.id > clients.user_id
*.client_id > clients.id
contact_numbers.contact_id > contacts.id
accounts_cc.contact_id > contacts.id
accounts_ach.contact_id > contacts.id
invoice_lines.invoice_id > invoices.id
transaction_applied.transaction_id > transactions.id
service_fields.service_id > services.id
support_replies.ticket_id > support_tickets.id
log_emails.to_client_id > clients.id
log_users.user_id > users.id

osTicket: ticket thread thread_entry user_email ticket_status
user.id > user_email.user_id
user_email.user_id > user.id
ticket.user_id > user.id
ticket.staff_id -
ticket__cdata.ticket_id > ticket.ticket_id
thread.object_id > ticket.ticket_id object_type=T
thread_entry.thread_id > thread.id
thread_event.thread_id > thread.id
thread_entry_email.thread_entry_id > thread_entry.id
attachment.object_id > thread_entry.id type=H
form_entry_values.entry_id > form_entry.id

WordPress: posts postmeta options usermeta term_taxonomy
usermeta.user_id > users.ID
posts.post_author > users.ID
posts.post_parent -
postmeta.post_id > posts.ID
posts.ID > postmeta.post_id if meta_key=_billing_email,_from_email,_edd_payment_user_email
users.ID > usermeta.user_id if meta_key=billing_email,shipping_email
comments.user_id > users.ID
comments.comment_post_ID -
comments.comment_parent -
commentmeta.comment_id > comments.comment_ID
links.link_owner > users.ID
term_relationships.object_id > posts.ID
wc_customer_lookup.user_id > users.ID
wc_orders.customer_id > users.ID
wc_orders_meta.order_id > wc_orders.id
wc_order_addresses.order_id > wc_orders.id
wc_orders.id > wc_order_addresses.order_id
wc_order_operational_data.order_id > wc_orders.id
wc_order_stats.customer_id > wc_customer_lookup.customer_id
wc_order_product_lookup.customer_id > wc_customer_lookup.customer_id
woocommerce_order_items.order_id > wc_orders.id
woocommerce_order_items.order_id > posts.ID
woocommerce_order_itemmeta.order_item_id > woocommerce_order_items.order_item_id
woocommerce_payment_tokens.user_id > users.ID
woocommerce_payment_tokenmeta.payment_token_id > woocommerce_payment_tokens.token_id
woocommerce_downloadable_product_permissions.user_id > users.ID
woocommerce_api_keys.user_id > users.ID
edd_customers.user_id > users.ID
edd_orders.customer_id > edd_customers.id
edd_order_items.order_id > edd_orders.id
edd_order_addresses.order_id > edd_orders.id
gf_entry.created_by > users.ID
gf_entry_meta.entry_id > gf_entry.id
gf_entry.id > gf_entry_meta.entry_id

Joomla: users user_usergroup_map content extensions menu_types
*.user_id > users.id
content.created_by > users.id
content.modified_by -
session.userid > users.id
messages.user_id_from > users.id
messages.user_id_to > users.id
virtuemart_userinfos.virtuemart_user_id > users.id
virtuemart_orders.virtuemart_user_id > users.id
virtuemart_orders.virtuemart_order_id > virtuemart_order_userinfos.virtuemart_order_id
virtuemart_order_userinfos.virtuemart_order_id > virtuemart_orders.virtuemart_order_id
virtuemart_order_items.virtuemart_order_id > virtuemart_orders.virtuemart_order_id

Drupal: users users_field_data node_field_data config
users.uid > users_field_data.uid
users_field_data.uid > users.uid
node_field_data.uid > users.uid
node_revision.revision_uid > users.uid
comment_field_data.uid > users.uid
comment_field_data.pid -
user__*.entity_id > users.uid
comment__*.entity_id > comment_field_data.cid
webform_submission_data.sid > webform_submission.sid
webform_submission.sid > webform_submission_data.sid if name=email,mail,e_mail,email_address,your_email,e_mail_address
commerce_order.uid > users.uid
*.uid > users.uid

MediaWiki: user user_groups actor revision page watchlist
actor.actor_user > user.user_id
revision.rev_actor > actor.actor_id
archive.ar_actor > actor.actor_id
recentchanges.rc_actor > actor.actor_id
logging.log_actor > actor.actor_id
image.img_actor > actor.actor_id
user_properties.up_user > user.user_id
user_groups.ug_user > user.user_id
watchlist.wl_user > user.user_id
cu_changes.cuc_actor > actor.actor_id

phpBB: users posts topics forums privmsgs privmsgs_to
posts.poster_id > users.user_id
posts.topic_id -
topics.topic_poster > users.user_id
privmsgs.author_id > users.user_id
privmsgs_to.author_id > users.user_id
attachments.poster_id > users.user_id
sessions.session_user_id > users.user_id
sessions_keys.user_id > users.user_id
banlist.ban_userid > users.user_id
poll_votes.vote_user_id > users.user_id
*.user_id > users.user_id

Nextcloud: accounts preferences share filecache authtoken
users.uid > accounts.uid
users.uid > accounts_data.uid
accounts.uid > users.uid
accounts_data.uid > users.uid
preferences.userid > users.uid
authtoken.uid > users.uid
share.uid_owner > users.uid
share.uid_initiator > users.uid
share.share_with -
group_user.uid > users.uid
activity.affecteduser > users.uid
activity.user > users.uid
notifications.user > users.uid
comments.actor_id > users.uid
mail_accounts.user_id > users.uid
`

// An application is a program whose tables are known.
type application struct {
	name      string
	signature []string // tables, in lower case
	relations []relation
}

// A relation is a line of one: refTable is empty where the column leads to
// nobody's own rows.
type relation struct {
	table, column, refTable, refColumn string
	typeColumn                         string
	types                              []string
	ofRef                              bool // typeColumn is one of refTable
}

// parseApplications reads what applications holds, or another text like it.
func parseApplications(text string) []application {
	var out []application
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if name, tables, ok := strings.Cut(line, ": "); ok {
			out = append(out, application{name: name, signature: strings.Fields(tables)})
			continue
		}
		a := &out[len(out)-1]
		f := strings.Fields(line)
		var r relation
		r.table, r.column, _ = strings.Cut(f[0], ".")
		if f[1] == ">" {
			r.refTable, r.refColumn, _ = strings.Cut(f[2], ".")
		}
		if len(f) > 3 {
			kinds := ""
			r.ofRef = f[3] == "if"
			r.typeColumn, kinds, _ = strings.Cut(f[len(f)-1], "=")
			r.types = strings.Split(kinds, ",")
		}
		a.relations = append(a.relations, r)
	}
	return out
}

// columnsOf returns the names of all columns that keys of applications have, in
// lower case.
func columnsOf(list []application) map[string]bool {
	out := map[string]bool{}
	for _, a := range list {
		for _, r := range a.relations {
			for _, c := range []string{r.column, r.refColumn, r.typeColumn} {
				if c != "" {
					out[strings.ToLower(c)] = true
				}
			}
		}
	}
	return out
}

// An installation is an application whose tables stand in a schema, under names
// that begin with a prefix.
type installation struct {
	app    *application
	prefix string
	tables map[string]*Table // of the schema, by name in lower case
}

// installations returns those that the tables of a scope show.
func installations(apps []application, tables []*Table) []installation {
	schemas := map[string]map[string]*Table{}
	var order []string
	for _, t := range tables {
		if t.inside() {
			continue
		}
		if schemas[t.Schema] == nil {
			schemas[t.Schema] = map[string]*Table{}
			order = append(order, t.Schema)
		}
		schemas[t.Schema][strings.ToLower(t.Table)] = t
	}
	var out []installation
	for _, schema := range order {
		in := schemas[schema]
		for k := range apps {
			a := &apps[k]
			var prefixes []string
			for name := range in {
				p, ok := strings.CutSuffix(name, a.signature[0])
				if !ok {
					continue
				}
				there := 0
				for _, s := range a.signature {
					if in[p+s] != nil {
						there++
					}
				}
				if there*5 >= len(a.signature)*3 { // those without rows are not seen
					prefixes = append(prefixes, p)
				}
			}
			slices.Sort(prefixes)
			for _, p := range prefixes {
				out = append(out, installation{app: a, prefix: p, tables: in})
			}
		}
	}
	return out
}

// table returns a table of the installation by its own name. A site of many has
// some tables in common with the others: wp_users, beside wp_2_posts.
func (x *installation) table(name string) *Table {
	if t := x.tables[x.prefix+strings.ToLower(name)]; t != nil {
		return t
	}
	p := strings.TrimRight(strings.TrimSuffix(x.prefix, "_"), "0123456789")
	if p == "" || len(p)+1 >= len(x.prefix) {
		return nil
	}
	return x.tables[p+strings.ToLower(name)]
}

// known returns the links that the installations of applications have, and tells
// of which columns nothing else is to be inferred.
func (s *Survey) known(tables []*Table, taken map[place]bool) []Link {
	var out []Link
	for _, x := range installations(s.apps, tables) {
		for _, exact := range []bool{true, false} { // what names a table before what is of many
			from := len(out)
			settled := map[place]bool{}
			for _, r := range x.app.relations {
				if strings.ContainsAny(r.table, "*?[") == exact {
					continue
				}
				for _, t := range x.matching(r.table) {
					c := t.fold(r.column)
					if c == nil || taken[place{t.Name, c.name}] {
						continue
					}
					if r.refTable == "" {
						settled[place{t.Name, c.name}] = true
						continue
					}
					l, ok := x.link(t, c, r)
					if ok && !slices.ContainsFunc(out[from:], func(o Link) bool {
						return o.Table == l.Table && o.Column == l.Column && o.RefTable == l.RefTable && o.RefColumn == l.RefColumn
					}) {
						out = append(out, l)
						settled[place{t.Name, c.name}] = true
					}
				}
			}
			for p := range settled {
				taken[p] = true
			}
		}
	}
	return out
}

// matching returns the tables that a relation is of.
func (x *installation) matching(name string) []*Table {
	if !strings.ContainsAny(name, "*?[") {
		if t := x.tables[x.prefix+name]; t != nil {
			return []*Table{t}
		}
		return nil
	}
	var out []*Table
	for k, t := range x.tables {
		rest, ok := strings.CutPrefix(k, x.prefix)
		if match, _ := path.Match(name, rest); ok && match {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b *Table) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// link returns the link that a relation makes of a column, unless the values
// belie it.
func (x *installation) link(t *Table, c *column, r relation) (Link, bool) {
	to := x.table(r.refTable)
	if to == nil {
		return Link{}, false
	}
	o := to.fold(r.refColumn)
	if o == nil || o == c {
		return Link{}, false
	}
	l := Link{
		Table: t.Name, Column: c.name, RefTable: to.Name, RefColumn: o.name, Kind: Inferred, Confidence: 0.97,
		Why: x.app.name + " keeps its tables like this",
	}
	if r.typeColumn != "" {
		of := t
		if r.ofRef {
			of = to
		}
		k := of.fold(r.typeColumn)
		switch {
		case k == nil:
			return Link{}, false
		case r.ofRef:
			l.RefTypeColumn, l.RefTypes = k.name, r.types
		default:
			l.TypeColumn, l.Types = k.name, r.types
		}
		return l, true
	}
	// Either column may have values that the other lacks.
	return l, c.mostly(o) || o.mostly(c)
}

// mostly reports whether a quarter and more of the values of c are those of o,
// or too few are known.
func (c *column) mostly(o *column) bool {
	in, of := c.within(o)
	return of < 8 || in*4 >= of
}

// fold returns a column by its name, in whatever case.
func (t *Table) fold(name string) *column {
	for _, c := range t.columns {
		if strings.EqualFold(c.name, name) {
			return c
		}
	}
	return nil
}
