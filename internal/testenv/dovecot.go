package testenv

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A Dovecot is a Dovecot 2.3 server with Maildir storage, one home per user. Its
// first four fields say what to start; the others are set by [Dovecot.Start].
type Dovecot struct {
	// Users maps names to passwords.
	Users map[string]string
	// Master and MasterPassword make a master user, who logs in to the account
	// of any user as "user*master".
	Master, MasterPassword string
	// TLS makes the server offer STARTTLS on Port and TLS on TLSPort, with the
	// certificate and key in these files.
	CertFile, KeyFile string
	// Extra is added to the configuration, one setting per line.
	Extra string

	Dir     string
	Port    int
	TLSPort int // 0 without CertFile

	uid, gid int
	serial   int
}

// Prepare makes the folders of the server, so that messages can be delivered
// before it starts. Start calls it when it was not called.
func (d *Dovecot) Prepare(t testing.TB) {
	t.Helper()
	if d.Dir != "" {
		return
	}
	Need(t, "apt-get install dovecot-imapd", "dovecot")
	d.Dir = Dir(t)
	d.uid, d.gid = os.Getuid(), os.Getgid()
	if d.uid == 0 {
		// Dovecot refuses to read mail as root.
		d.uid, d.gid = 65534, 65534
	}
	for _, name := range d.names() {
		for _, sub := range []string{"cur", "new", "tmp"} {
			d.mkdir(t, filepath.Join(d.Maildir(name), sub))
		}
	}
}

func (d *Dovecot) names() []string {
	var names []string
	for name := range d.Users {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Maildir returns the folder of a user's INBOX. Other mailboxes are folders in
// it whose names begin with a dot, levels are separated by dots (Maildir++),
// and other characters than printable ASCII written in modified UTF-7.
func (d *Dovecot) Maildir(user string) string {
	return filepath.Join(d.Dir, "mail", user, "Maildir")
}

// mkdir makes a folder that belongs to the mail user, with its parents.
func (d *Dovecot) mkdir(t testing.TB, dir string) {
	t.Helper()
	if _, err := os.Stat(dir); err == nil {
		return
	}
	if parent := filepath.Dir(dir); parent != d.Dir {
		d.mkdir(t, parent)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d.chown(t, dir)
}

func (d *Dovecot) chown(t testing.TB, name string) {
	t.Helper()
	if os.Getuid() == 0 {
		if err := os.Chown(name, d.uid, d.gid); err != nil {
			t.Fatal(err)
		}
	}
}

// Deliver writes a message into a mailbox and returns the file's path. Folder
// is "" for INBOX, or a folder as in [Dovecot.Maildir], such as ".Archive.2024".
// Flags are Maildir letters ("S": seen); without any the message is new.
func (d *Dovecot) Deliver(t testing.TB, user, folder, flags string, msg []byte) string {
	t.Helper()
	d.Prepare(t)
	base := filepath.Join(d.Maildir(user), folder)
	for _, sub := range []string{"cur", "new", "tmp"} {
		d.mkdir(t, filepath.Join(base, sub))
	}
	if folder != "" {
		marker := filepath.Join(base, "maildirfolder")
		if _, err := os.Stat(marker); err != nil {
			if err := os.WriteFile(marker, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			d.chown(t, marker)
		}
	}
	d.serial++
	name := filepath.Join(base, "new", fmt.Sprintf("%d.M%dP1.test.example.org", 1700000000+d.serial, d.serial))
	if flags != "" {
		name = filepath.Join(base, "cur", filepath.Base(name)+":2,"+flags)
	}
	if err := os.WriteFile(name, msg, 0o600); err != nil {
		t.Fatal(err)
	}
	d.chown(t, name)
	return name
}

// Start starts the server, which ends with the test.
func (d *Dovecot) Start(t testing.TB) *Dovecot {
	t.Helper()
	d.Prepare(t)
	program := Need(t, "apt-get install dovecot-imapd", "dovecot")
	d.Port = Port(t)
	internal, login := "dovecot", "dovenull"
	if os.Getuid() != 0 {
		u, err := user.Current()
		if err != nil {
			t.Fatal(err)
		}
		internal, login = u.Username, u.Username
	}
	group := strconv.Itoa(os.Getgid())
	if u, err := user.Lookup(internal); err == nil {
		group = u.Gid
	}
	if g, err := user.LookupGroupId(group); err == nil {
		group = g.Name
	}

	var users strings.Builder
	for _, name := range d.names() {
		fmt.Fprintf(&users, "%s:{PLAIN}%s:%d:%d::%s::\n", name, d.Users[name], d.uid, d.gid, filepath.Join(d.Dir, "mail", name))
	}
	masters := ""
	if d.Master != "" {
		masters = fmt.Sprintf("%s:{PLAIN}%s\n", d.Master, d.MasterPassword)
	}
	tls := "ssl = no\n"
	if d.CertFile != "" {
		d.TLSPort = Port(t)
		tls = fmt.Sprintf("ssl = yes\nssl_cert = <%s\nssl_key = <%s\n", d.CertFile, d.KeyFile)
	}
	conf := fmt.Sprintf(`protocols = imap
base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/dovecot.log
listen = 127.0.0.1
%[6]sdisable_plaintext_auth = no
default_internal_user = %[2]s
default_internal_group = %[3]s
default_login_user = %[4]s
first_valid_uid = 1
mail_location = maildir:~/Maildir
maildir_very_dirty_syncs = no
auth_mechanisms = plain login
auth_master_user_separator = *
auth_failure_delay = 0
passdb {
  driver = passwd-file
  master = yes
  args = %[1]s/masters
  result_success = continue
}
passdb {
  driver = passwd-file
  args = %[1]s/users
}
userdb {
  driver = passwd-file
  args = %[1]s/users
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    special_use = \Sent
  }
  mailbox Archive {
    special_use = \Archive
  }
}
service imap-login {
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener imap {
    address = 127.0.0.1
    port = %[5]d
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = %[7]d
    ssl = yes
  }
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
service imap {
  process_limit = 64
}
mail_max_userip_connections = 64
%[8]s
`, d.Dir, internal, group, login, d.Port, tls, d.TLSPort, d.Extra)
	for name, text := range map[string]string{"users": users.String(), "masters": masters, "dovecot.conf": conf} {
		if err := os.WriteFile(filepath.Join(d.Dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "-c", filepath.Join(d.Dir, "dovecot.conf"), "-F")
	Start(t, cmd, filepath.Join(d.Dir, "out.log"), func() error { return greeting(d.Port) })
	return d
}

// greeting waits for an IMAP server to speak.
func greeting(port int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Second))
	b := make([]byte, 4)
	if _, err := c.Read(b); err != nil {
		return err
	}
	if string(b) != "* OK" {
		return fmt.Errorf("greeting begins with %q", b)
	}
	return nil
}
