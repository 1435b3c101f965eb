package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestGuestOrder finds what a shop holds of a guest's order: rows of a name and a
// value each, of which one alone names the guest.
func TestGuestOrder(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SPOOR_STATE_DIR", dir)
	var b strings.Builder
	b.WriteString("CREATE TABLE `k9_usermeta` (`umeta_id` int, `user_id` int, `meta_key` varchar(99), `meta_value` text, PRIMARY KEY (`umeta_id`));\n" +
		"CREATE TABLE `k9_posts` (`ID` int, `post_author` int, `post_parent` int, PRIMARY KEY (`ID`));\n" +
		"CREATE TABLE `k9_postmeta` (`meta_id` int, `post_id` int, `meta_key` varchar(99), `meta_value` text, PRIMARY KEY (`meta_id`));\n" +
		"CREATE TABLE `k9_comments` (`comment_ID` int, `comment_post_ID` int, `comment_content` text, PRIMARY KEY (`comment_ID`));\n" +
		"CREATE TABLE `k9_commentmeta` (`meta_id` int, `comment_id` int, PRIMARY KEY (`meta_id`));\n" +
		"CREATE TABLE `k9_woocommerce_order_items` (`order_item_id` int, `order_item_name` text, `order_id` int, PRIMARY KEY (`order_item_id`));\n")
	b.WriteString("CREATE TABLE `k9_options` (`option_id` int, `option_value` text, PRIMARY KEY (`option_id`));\nINSERT INTO `k9_options` VALUES (1,'x');\n")
	for i := 1; i <= 60; i++ {
		mail := fmt.Sprintf("u%d@example.org", i)
		if i == 17 {
			mail = "zoe@example.be"
		}
		fmt.Fprintf(&b, "INSERT INTO `k9_posts` VALUES (%d,1,0);\n", i)
		fmt.Fprintf(&b, "INSERT INTO `k9_postmeta` VALUES (%d,%d,'_billing_email','%s'),(%d,%d,'_billing_city','Gent');\n", 2*i, i, mail, 2*i+1, i)
		fmt.Fprintf(&b, "INSERT INTO `k9_comments` VALUES (%d,%d,'nice');\n", i, i)
		fmt.Fprintf(&b, "INSERT INTO `k9_woocommerce_order_items` VALUES (%d,'Thing',%d);\n", i, i)
	}
	// A page that names her, in what is no order's.
	b.WriteString("INSERT INTO `k9_postmeta` VALUES (900,30,'footer','ask zoe@example.be');\n")
	if err := os.WriteFile(filepath.Join(dir, "shop.sql"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "spoor.yaml")
	if err := os.WriteFile(config, []byte("sources:\n  - {name: shop, type: files, path: '"+filepath.Join(dir, "shop.sql")+"'}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, findings := scan(t, config)
	var got []string
	for _, f := range findings {
		_, where, _ := strings.Cut(f.URI, "#/")
		got = append(got, where)
	}
	slices.Sort(got)
	want := []string{"/k9_postmeta?meta_id=34", "/k9_postmeta?meta_id=35", "/k9_postmeta?meta_id=900", "/k9_posts?ID=17", "/k9_woocommerce_order_items?order_item_id=17"}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
