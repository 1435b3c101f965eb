// Package subject recognises people. It turns the identifiers of data subjects
// into the forms in which they are written, finds all of them in one pass, and
// judges how surely a record is about a person.
package subject

import (
	"crypto/md5"  //nolint:gosec // a form in which addresses are stored, not a protection
	"crypto/sha1" //nolint:gosec // likewise
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/rules"
)

// Type is a type of identifier, as in the contract.
type Type string

// The types of identifiers.
const (
	Email      Type = "email"
	Phone      Type = "phone"
	Name       Type = "name"
	Address    Type = "address"
	BirthDate  Type = "birth_date"
	VAT        Type = "vat"
	IBAN       Type = "iban"
	NationalID Type = "national_id"
	Card       Type = "card"
	IP         Type = "ip"
	Username   Type = "username"
	CustomerID Type = "customer_id"
	Domain     Type = "domain"
)

// Types lists all types, in the order of the contract.
func Types() []Type {
	return []Type{Email, Phone, Name, Address, BirthDate, VAT, IBAN, NationalID, Card, IP, Username, CustomerID, Domain}
}

// Own reports whether an identifier of the type belongs to one person, so that
// a record which holds it is certainly about them. A customer id does so only in
// a field that says what it is.
func (t Type) Own() bool {
	switch t {
	case Email, Phone, VAT, IBAN, NationalID, Card, CustomerID:
		return true
	}
	return false
}

// An Identifier is one by which a person is looked for.
type Identifier struct {
	Type  Type
	Value string
	// Hash is "md5", "sha1" or "sha256" when Value is the hash, in hexadecimal,
	// of the identifier's normal form (OpenDSR identity_format), and Keyed when it
	// is one of a list; else empty.
	Hash string
	// Found says that a record of the person revealed it, so that it may turn
	// out to be somebody else's too.
	Found bool
}

// A Person is a data subject.
type Person struct {
	ID          string
	Identifiers []Identifier
	List        *List // of the identifiers that are Keyed
}

// maxValue is the longest identifier that is looked for, in bytes.
const maxValue = 400

// Normal returns the normal form of the identifier: the form in which equal
// identifiers are equal strings. It fails when the value can't be one of its
// type; the error does not quote the value.
func (id Identifier) Normal() (string, error) {
	v := strings.TrimSpace(id.Value)
	if len(v) > maxValue {
		return "", fmt.Errorf("longer than %d bytes", maxValue)
	}
	if id.Hash != "" {
		n := map[string]int{"md5": md5.Size, "sha1": sha1.Size, "sha256": sha256.Size, Keyed: sha256.Size}[id.Hash]
		v = strings.ToLower(v)
		if b, err := hex.DecodeString(v); n == 0 || err != nil || len(b) != n {
			return "", fmt.Errorf("not a %s hash in hexadecimal", id.Hash)
		}
		return v, nil
	}
	switch id.Type {
	case Email:
		local, domain, ok := strings.Cut(v, "@")
		if !ok || local == "" || !strings.Contains(domain, ".") || strings.ContainsAny(v, " \t\r\n<>,;\"") || strings.Contains(domain, "@") {
			return "", fmt.Errorf("not an e-mail address")
		}
		return strings.ToLower(v), nil
	case Phone:
		t := trimPhone(v)
		if n := len(onlyDigits(t)); n < 6 || n > 18 || strings.ContainsFunc(t, isLetter) {
			return "", fmt.Errorf("not a phone number; write it as +32 470 12 34 56")
		}
		return normalPhone(v), nil
	case IBAN:
		d := alnum(v)
		if n := ibanLength(d); !rules.ValidIBAN(d) || n > 0 && n != len(d) {
			return "", fmt.Errorf("not an IBAN: length or check digits are wrong")
		}
		return d, nil
	case VAT, NationalID:
		d := alnum(v)
		if len(d) > 32 {
			return "", fmt.Errorf("too long for a number")
		}
		if len(d) < 5 {
			return "", fmt.Errorf("too short: give all of the number")
		}
		return d, nil
	case Card:
		d := onlyDigits(v)
		if strings.ContainsFunc(v, isLetter) || len(d) < 12 || len(d) > 19 || !luhn(d) {
			return "", fmt.Errorf("not a card number: length or check digit is wrong")
		}
		return d, nil
	case BirthDate:
		t, err := parseDate(v)
		if err != nil {
			return "", err
		}
		return t.Format(time.DateOnly), nil
	case IP:
		a, err := netip.ParseAddr(v)
		if err != nil {
			return "", fmt.Errorf("not an IPv4 or IPv6 address")
		}
		return a.Unmap().WithZone("").String(), nil
	case Domain:
		v = strings.TrimSuffix(strings.ToLower(v), ".")
		if !strings.Contains(v, ".") || strings.ContainsAny(v, " @/") || len(v) < 4 {
			return "", fmt.Errorf("not a domain name")
		}
		return v, nil
	case Name, Address:
		t := tokens(v)
		if len(t) == 0 || len(strings.Join(t, "")) < 4 {
			return "", fmt.Errorf("too short to look for")
		}
		if id.Type == Name && len(t) < 2 {
			return "", fmt.Errorf("a name needs a first name and a surname")
		}
		return strings.Join(t, " "), nil
	case Username, CustomerID:
		if len(v) < 2 {
			return "", fmt.Errorf("too short to look for")
		}
		return strings.ToLower(v), nil
	}
	return "", fmt.Errorf("unknown type of identifier %q; there are: %s", id.Type, typeList())
}

func typeList() string {
	var s []string
	for _, t := range Types() {
		s = append(s, string(t))
	}
	return strings.Join(s, ", ")
}

// parseDate reads a date in ISO or European order, or in American order where
// that is the only one in which it is a date.
func parseDate(v string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, "2006/01/02", "2006.01.02", "02.01.2006", "2.1.2006", "02/01/2006", "2/1/2006", "02-01-2006", "2-1-2006", "01/02/2006", "1/2/2006"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("not a date; write it as 1985-07-30")
}

// Mask hides an identifier but for what tells people which one is meant: the
// first and last letters of its parts.
func Mask(t Type, v string) string {
	switch t {
	case Email:
		local, domain, ok := strings.Cut(v, "@")
		if !ok {
			return maskPart(v, 1, 1)
		}
		host, tld, _ := cutLast(domain, ".")
		return maskPart(local, 1, 0) + "@" + maskPart(host, 1, 0) + "." + tld
	case Name, Address:
		words := strings.Fields(v)
		for i, w := range words {
			words[i] = maskPart(w, 1, 0)
		}
		return strings.Join(words, " ")
	case Domain:
		host, tld, _ := cutLast(v, ".")
		return maskPart(host, 1, 0) + "." + tld
	case Phone:
		return maskPart(v, 3, 2)
	case BirthDate:
		return "****-**-**"
	case IBAN, VAT:
		return maskPart(v, 2, 2)
	case Card:
		return maskPart(v, 0, 4)
	}
	return maskPart(v, 1, 1)
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// maskPart keeps head and tail letters and stars the others; what is too short
// to hide anything is starred whole.
func maskPart(s string, head, tail int) string {
	r := []rune(s)
	if len(r) < head+tail+2 {
		head, tail = min(head, max(len(r)-2, 0)), 0
	}
	for i := head; i < len(r)-tail; i++ {
		if r[i] != ' ' {
			r[i] = '*'
		}
	}
	return string(r)
}
