package links

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/spoor-scan/spoor/scanners"
)

// estate fills a survey with the tables that lines describe: a name, rows, and
// columns, of which one with * is the key, one with >table.column refers to
// another, one with ~ holds a text of its own, and others mere numbers.
func estate(t *testing.T, lines string) *Survey {
	t.Helper()
	s := NewSurvey()
	type spec struct {
		name string
		rows int
		cols []string
	}
	var specs []spec
	rows := map[string]int{}
	for line := range strings.Lines(lines) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		x := spec{name: f[0], cols: f[2:]}
		if _, err := fmt.Sscan(f[1], &x.rows); err != nil {
			t.Fatal(line)
		}
		specs, rows[x.name] = append(specs, x), x.rows
	}
	text := func(column string, row int) string { return fmt.Sprintf("%s-%d", column, row*7+1) }
	for _, x := range specs {
		tab := &scanners.Table{Name: "shop." + x.name, Schema: "shop", Table: x.name}
		cells := make([]func(row int) string, len(x.cols))
		rng := rand.New(rand.NewPCG(1, uint64(len(x.name))))
		for k, c := range x.cols {
			name, ref, refers := strings.Cut(c, ">")
			typ := "int(11)"
			switch {
			case strings.HasSuffix(name, "*"):
				name = strings.TrimSuffix(name, "*")
				tab.Key = append(tab.Key, k)
				cells[k] = func(row int) string { return fmt.Sprint(row + 1) }
			case refers:
				to, col, _ := strings.Cut(ref, ".")
				n := rows[to]
				cells[k] = func(int) string { return fmt.Sprint(rng.IntN(n) + 1) }
				if col, ok := strings.CutSuffix(col, "~"); ok {
					typ = "varchar(50)"
					cells[k] = func(int) string { return text(col, rng.IntN(n)) }
				}
			case strings.HasSuffix(name, "~"):
				name, typ = strings.TrimSuffix(name, "~"), "varchar(50)"
				cells[k] = func(row int) string { return text(name, row) }
			default:
				cells[k] = func(int) string { return fmt.Sprint(rng.IntN(90) + 1) }
			}
			tab.Columns, tab.Types = append(tab.Columns, name), append(tab.Types, typ)
		}
		b := &scanners.Block{Table: tab}
		for row := range x.rows {
			for k := range cells {
				b.Append([]byte(cells[k](row)), false)
			}
		}
		s.Table("x", tab).Observe(b)
	}
	return s
}

func TestInferStyles(t *testing.T) {
	for name, c := range map[string]struct{ tables, want, not string }{
		"abbreviated": {
			tables: `customers 900 id* email~ loginname~
				domains 1500 id* cust_id>customers.id name~
				dns_zones 1500 id* dom_id>domains.id
				cust_param 900 cust_id>customers.id name~ val
				mail 2000 id* dom_id>domains.id mail_name~
				log 3000 id* user>customers.loginname~ action_id`,
			want: "domains.cust_id>customers.id dns_zones.dom_id>domains.id cust_param.cust_id>customers.id mail.dom_id>domains.id log.user>customers.loginname",
			not:  "log.action_id",
		},
		"initial": {
			tables: `clients 500 id* email~
				tickets 800 id* userid>clients.id tid~
				ticketreplies 2000 id* tid>tickets.id admin~
				topics 700 id* title~`,
			want: "tickets.userid>clients.id ticketreplies.tid>tickets.id",
		},
		"key of the same name": {
			tables: `kunden 500 kdnr* email~
				auftraege 900 aufnr* kdnr>kunden.kdnr
				positionen 1800 posnr* aufnr>auftraege.aufnr`,
			want: "auftraege.kdnr>kunden.kdnr positionen.aufnr>auftraege.aufnr",
		},
		"ends of names": {
			tables: `sys_user 400 userid* username~
				web_domain 800 domain_id* sys_userid>sys_user.userid domain~
				mail_domain 900 domain_id* sys_userid>sys_user.userid
				web_database 500 database_id* parent_domain_id>web_domain.domain_id
				mail_traffic 500 traffic_id* mailuser_id>mail_user.mailuser_id
				mail_user 700 mailuser_id* sys_userid>sys_user.userid
				panel_traffic 5000 id* month`,
			want: "web_domain.sys_userid>sys_user.userid web_database.parent_domain_id>web_domain.domain_id mail_traffic.mailuser_id>mail_user.mailuser_id",
			not:  "mail_traffic.traffic_id web_domain.domain_id mail_user.mailuser_id",
		},
		"uid": {
			tables: `users 400 uid* mail~
				posts 900 pid* uid>users.uid
				votes 900 vid* pid>posts.pid uid>users.uid`,
			want: "posts.uid>users.uid votes.uid>users.uid votes.pid>posts.pid",
		},
		"camel case": {
			tables: `Client 500 IdClient* Courriel~
				Facture 900 IdFacture* IdClient>Client.IdClient
				LigneFacture 2900 IdLigne* IdFacture>Facture.IdFacture IdProduit>Produit.IdProduit
				Produit 90 IdProduit*`,
			want: "Facture.IdClient>Client.IdClient LigneFacture.IdFacture>Facture.IdFacture LigneFacture.IdProduit>Produit.IdProduit",
		},
		"WordPress": {
			tables: `x7_users 300 ID* user_email~
				x7_usermeta 900 umeta_id* user_id>x7_users.ID
				x7_posts 900 ID* post_author>x7_users.ID post_parent
				x7_postmeta 1900 meta_id* post_id>x7_posts.ID
				x7_options 9 option_id*
				x7_2_options 9 option_id*
				x7_comments 900 comment_ID* comment_post_ID>x7_posts.ID user_id>x7_users.ID
				x7_commentmeta 900 meta_id* comment_id>x7_comments.comment_ID
				x7_2_posts 900 ID* post_author>x7_users.ID
				x7_2_postmeta 900 meta_id* post_id>x7_2_posts.ID
				x7_2_comments 90 comment_ID* comment_post_ID>x7_2_posts.ID
				x7_2_commentmeta 90 meta_id* comment_id>x7_2_comments.comment_ID
				x7_2_usermeta 90 umeta_id* user_id>x7_users.ID`,
			want: "x7_usermeta.user_id>x7_users.ID x7_posts.post_author>x7_users.ID x7_postmeta.post_id>x7_posts.ID x7_comments.user_id>x7_users.ID " +
				"x7_commentmeta.comment_id>x7_comments.comment_ID x7_2_posts.post_author>x7_users.ID x7_2_postmeta.post_id>x7_2_posts.ID",
			not: "x7_comments.comment_post_ID x7_posts.post_parent",
		},
		"Plesk": {
			tables: `clients 500 id* cl_id login~ account_id parent_id
				domains 900 id* cl_id>clients.id dns_zone_id
				hosting 900 dom_id* sys_user_id
				data_bases 900 id* dom_id>domains.id
				mail 900 id* dom_id>domains.id account_id
				dns_recs 900 id* dns_zone_id
				log_actions 900 id* user>clients.login~`,
			want: "domains.cl_id>clients.id hosting.dom_id>domains.id mail.dom_id>domains.id log_actions.user>clients.login",
			not:  "clients.parent_id",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := map[string]bool{}
			var all []string
			from := map[string]bool{}
			for _, l := range estate(t, c.tables).Infer("x", nil) {
				if l.Confidence < Followed {
					continue
				}
				k := strings.ReplaceAll(l.Table+"."+l.Column+">"+l.RefTable+"."+l.RefColumn, "shop.", "")
				got[k], from[strings.TrimPrefix(l.Table, "shop.")+"."+l.Column] = true, true
				all = append(all, k)
			}
			slices.Sort(all)
			for _, w := range strings.Fields(c.want) {
				if !got[w] {
					t.Errorf("%s is not inferred", w)
				}
			}
			for _, w := range strings.Fields(c.not) {
				if from[w] {
					t.Errorf("%s refers to nothing", w)
				}
			}
			if t.Failed() {
				t.Log(strings.Join(all, "\n"))
			}
		})
	}
}

func TestApplications(t *testing.T) {
	apps := parseApplications(applications)
	if len(apps) < 14 {
		t.Errorf("%d applications", len(apps))
	}
	for _, a := range apps {
		if a.name == "" || len(a.signature) < 4 || len(a.relations) == 0 {
			t.Errorf("%q: tables %q, %d relations", a.name, a.signature, len(a.relations))
		}
		for _, r := range a.relations {
			if r.table == "" || r.column == "" || (r.refTable == "") != (r.refColumn == "") || strings.ContainsAny(r.refTable, "*") {
				t.Errorf("%s: %+v", a.name, r)
			}
		}
	}
}
