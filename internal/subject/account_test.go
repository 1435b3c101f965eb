package subject

import "testing"

func TestCustomerIDs(t *testing.T) {
	texts(t, Identifier{Type: CustomerID, Value: "4711"},
		[]string{
			"customer #4711", "Klantnr. 4711", "klantnummer: 4711", "client_id=4711", `"customerId":4711`, `"customer_id": "4711"`, "<clientId>4711</clientId>", "Kundennummer 4711", "Kunden-Nr.: 4711", "Kd.-Nr. 4711",
			"N° client : 4711", "numéro de client 4711", "número de cliente: 4711", "codice cliente 4711", "numer klienta: 4711", "nr klienta 4711", "X-Customer-Id: 4711", "/customers/4711/invoices", "client=4711",
			`<td>Klantnummer</td><td>4711</td>`, `<input name="customer_id" value="4711">`, "customer_id = 4711", "customer no. 4711", `\"customerId\":4711`, "clientID: 4711", "Mitgliedsnummer 4711", "numéro client : 4711", "account_id=4711",
			`s:11:"customer_id";i:4711;`, `s:11:"customer_id";s:4:"4711";`, `s:11:\"customer_id\";s:4:\"4711\";`, `customer_id|i:4711;`, `customer_id|s:4:"4711";`,
		},
		[]string{
			"account balance 4711", "id=4711", "order 4711", "4711", "our client paid 4711 EUR", "client 4711 EUR", "customer 4711,50", "X-Client-IP: 4711", "total 4711", "klantnummer 14711", "klantnummer 47112", "order_id=4711",
			"client since 4711", "<clientId>12</clientId><total>4711</total>", "klantnummer 12, order 4711", "client_order_id=4711", "customer_id=12 amount=4711", "customer. 4711 days",
			`s:8:"order_id";i:4711;`, `s:11:"customer_id";i:12;s:5:"total";i:4711;`, `a:4711:{s:11:"customer_id";i:1;}`, `s:11:"customer_id";s:4711:"x`,
		})
	texts(t, Identifier{Type: CustomerID, Value: "K-104711"}, []string{"K-104711", "klant k-104711"}, []string{"K-1047112", "AK-104711", "K-104711-2"})
}

func TestUserNames(t *testing.T) {
	texts(t, Identifier{Type: Username, Value: "zoevdb"},
		[]string{
			"uid=zoevdb", "/home/zoevdb/www", "user: zoevdb", "zoevdb:x:1000:1000::/", "[zoevdb]", "ftp://zoevdb@example.org/", "ftp://zoevdb:secret@example.org/", "mysql -u zoevdb -p", "AUTH user=<zoevdb>", "Accepted password for zoevdb from 198.51.100.9",
			"gebruikersnaam: zoevdb", "Benutzername: zoevdb", "nom d'utilisateur : zoevdb", "usuario: zoevdb", "nazwa użytkownika: zoevdb", `"username":"zoevdb"`, "<user>zoevdb</user>", "'zoevdb'@'localhost'", "198.51.100.9 - zoevdb [22/Nov/2026:10:00:00",
			"drwxr-x--- 5 zoevdb www 4096 Nov 2 10:00 www", "chown -R zoevdb:zoevdb .", "sudo: zoevdb : TTY=pts/0", "session opened for user zoevdb", "CRON[12]: (zoevdb) CMD (true)", "zoevdb_wp1", "zoevdb.sql.gz", "~zoevdb/", "userName=zoevdb", "invalid user zoevdb",
		},
		[]string{
			"zoevdb2", "xzoevdb", "my_zoevdb", "zoevdb@example.org", "I met zoevdb there", "user agent zoevdb", "zoevdb.be", "user=anna, role=zoevdb", "/images/zoevdb.jpg", "uid=zoevdb-2",
		})
	texts(t, Identifier{Type: Username, Value: "zoe85"}, []string{"zoe85", "login zoe85"}, []string{"zoe851", "azoe85"})
}

func TestColumnsOfAccounts(t *testing.T) {
	r, err := New([]Person{zoe()})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		typ    Type
		column string
		want   bool
	}{
		{CustomerID, "customerId", true},
		{CustomerID, "numero_client", true},
		{CustomerID, "kundennr", true},
		{CustomerID, "order_id", false},
		{Username, "UserName", true},
		{Username, "gebruikersnaam", true},
		{Username, "password", false},
		{IP, "remote_addr", true},
		{IP, "ip_long", true},
		{IP, "zip", false},
		{BirthDate, "birthdate", true},
		{BirthDate, "created", false},
	} {
		if got := r.NamedBy(tt.typ, "", tt.column); got != tt.want {
			t.Errorf("%s in %s: %v", tt.typ, tt.column, got)
		}
	}
}
