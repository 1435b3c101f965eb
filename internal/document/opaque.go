package document

import (
	"bytes"

	"github.com/spoor-scan/spoor/scanners"
)

// opaqueMagic lists how what is not read begins, or what stands at a place in it.
var opaqueMagic = [...]struct {
	at    int
	magic string
	kind  string
	why   scanners.Reason
}{
	// Mail and documents.
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an OLE document (old office, Outlook)", scanners.Unsupported},
	{0, "!BDN", "an Outlook store", scanners.Unsupported},
	{0, "\xcf\xad\x12\xfe", "an Outlook Express folder", scanners.Unsupported},
	{0, "\x78\x9f\x3e\x22", "a TNEF attachment", scanners.Unsupported},
	{0, "\x1a\x00\x00\x04\x00\x00", "a Notes database", scanners.Unsupported},
	{0, "{\\rtf", "an RTF document", scanners.Unsupported},
	{0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "a OneNote section", scanners.Unsupported},
	{0, "AT&TFORM", "a DjVu document", scanners.Unsupported},
	{0, "\xffWPC", "a WordPerfect document", scanners.Unsupported},
	{60, "BOOKMOBI", "an e-book (Mobipocket)", scanners.Unsupported},
	{0, "ITSF\x03\x00\x00\x00", "a help file (CHM)", scanners.Unsupported},

	// Databases, indexes, logs, and what data are exchanged in.
	{0, "PGDMP", "a pg_dump archive", scanners.Unsupported},
	{0, "REDIS0", "a Redis dump", scanners.Unsupported},
	{4, "Standard Jet DB\x00", "an Access database", scanners.Unsupported},
	{4, "Standard ACE DB\x00", "an Access database", scanners.Unsupported},
	{4, "\xef\xcd\xab\x89", "an Exchange (ESE) database", scanners.Unsupported},
	{15, "HBAM7", "a FileMaker database", scanners.Unsupported},
	{0, "\x41\xd8\x01\x00", "a file of WiredTiger (MongoDB)", scanners.Unsupported},
	{0, "\x3f\xd7\x6c\x17", "a file of a Lucene index", scanners.Unsupported},
	{0, "Obj\x01", "an Avro file", scanners.Unsupported},
	{0, "ARROW1\x00\x00", "an Arrow file", scanners.Unsupported},
	{0, "\x89HDF\r\n\x1a\n", "an HDF5 file", scanners.Unsupported},
	{0, "LPKSHHRH", "a journal of systemd", scanners.Unsupported},
	{0, "PACK\x00\x00\x00\x02", "a pack of git", scanners.Unsupported},
	{0, "MSSQLBAK", "a compressed backup of SQL Server", scanners.Unsupported},

	// Backups and archives.
	{0, "BORG_SEG", "a borg repository's segment", scanners.Unsupported},
	{0, "XBSTCK01", "a stream of mariabackup", scanners.Unsupported},
	{0, "qpress10", "a file compressed by qpress (xtrabackup)", scanners.Unsupported},
	{12, "BB02", "a Bacula or Bareos volume", scanners.Unsupported},
	{0, "VMA\x00\x00\x00\x00\x01", "a backup of Proxmox VE", scanners.Unsupported},
	{0, "\x31\xb9\x58\x42\x6f\xb6\xa3\x7f", "a compressed chunk of Proxmox Backup Server", scanners.Unsupported},
	{0, "\x7b\x67\x85\xbe\x22\x2d\x4c\xf0", "an encrypted chunk of Proxmox Backup Server", scanners.Encrypted},
	{0, "\xe6\x59\x1b\xbf\x0b\xbf\xd8\x0b", "an encrypted chunk of Proxmox Backup Server", scanners.Encrypted},
	{0, "MSWIM\x00\x00\x00", "an image of Windows (WIM)", scanners.Unsupported},
	{0, "7kSt\xa0\x31", "a ZPAQ archive", scanners.Unsupported},
	{0, "StuffIt (c)1997", "a StuffIt archive", scanners.Unsupported},
	{10, "rLau", "a StuffIt archive", scanners.Unsupported},
	{7, "**ACE**", "an ACE archive", scanners.Unsupported},
	{20, "\xdc\xa7\xc4\xfd", "a zoo archive", scanners.Unsupported},
	{0, "xar!\x00", "a xar archive", scanners.Unsupported},
	{0, "LRZI\x00", "an lrzip archive", scanners.Unsupported},
	{0, "\x89LZO\x00\r\n\x1a\n", "an lzop archive", scanners.Unsupported},

	// Disks and file systems.
	{0, "hsqs", "a squashfs image", scanners.Unsupported},
	{0, "XFSB\x00\x00", "an XFS file system", scanners.Unsupported},
	{0, "xFSdump0", "a dump of an XFS file system", scanners.Unsupported},
	{24, "\x6c\xea\x00\x00", "a dump of a file system", scanners.Unsupported},
	{0, "btrfs-stream\x00", "a btrfs stream", scanners.Unsupported},
	{8, "\xac\xcb\xba\xf5\x02\x00\x00\x00", "a ZFS stream", scanners.Unsupported},
	{0, "QFI\xfb", "a disk image (qcow2)", scanners.Unsupported},
	{0, "KDMV", "a disk image (VMDK)", scanners.Unsupported},
	{64, "\x7f\x10\xda\xbe", "a disk image (VDI)", scanners.Unsupported},
	{0, "vhdxfile", "a disk image (VHDX)", scanners.Unsupported},
	{0, "conectix", "a disk image (VHD)", scanners.Unsupported},
	{3, "NTFS    ", "an NTFS file system", scanners.Unsupported},
	{82, "FAT32   ", "a FAT file system", scanners.Unsupported},
	{54, "FAT16   ", "a FAT file system", scanners.Unsupported},
	{54, "FAT12   ", "a FAT file system", scanners.Unsupported},
	{512, "EFI PART", "a disk image", scanners.Unsupported},

	// What is encrypted.
	{0, "LUKS\xba\xbe", "an encrypted volume", scanners.Encrypted},
	{3, "-FVE-FS-", "an encrypted volume (BitLocker)", scanners.Encrypted},
	{0, "Salted__", "a file encrypted by openssl", scanners.Encrypted},
	{0, "age-encryption.org/", "a file encrypted by age", scanners.Encrypted},
	{0, "-----BEGIN AGE ENCRYPTED FILE-----", "a file encrypted by age", scanners.Encrypted},
	{0, "-----BEGIN PGP MESSAGE-----", "a PGP message", scanners.Encrypted},
	{0, "CRYPTED\x03\x07", "a mail encrypted by Dovecot", scanners.Encrypted},
	{0, "\x03\xd9\xa2\x9a", "a KeePass store", scanners.Encrypted},
	{0, "\xfe\xed\xfe\xed\x00\x00\x00", "a Java key store", scanners.Encrypted},
	{0, "\xce\xce\xce\xce\x00\x00\x00", "a Java key store", scanners.Encrypted},
	{0, "$ANSIBLE_VAULT;", "an Ansible vault", scanners.Encrypted},
	{0, "\x00GITCRYPT\x00", "a file encrypted by git-crypt", scanners.Encrypted},
	{0, "RCLONE\x00\x00", "a file encrypted by rclone", scanners.Encrypted},
	{0, "AES\x01", "a file encrypted by AES Crypt", scanners.Encrypted},
	{0, "AES\x02", "a file encrypted by AES Crypt", scanners.Encrypted},
	{0, "AES\x03", "a file encrypted by AES Crypt", scanners.Encrypted},
}

// Opaque reports whether an item that starts with head is of a kind that holds
// content which can't be looked into yet: what it is, for people, and why it is
// a gap. Its bytes are matched all the same.
func Opaque(head []byte) (kind string, reason scanners.Reason, ok bool) {
	const no, locked = scanners.Unsupported, scanners.Encrypted
	for i := range opaqueMagic {
		if m := &opaqueMagic[i]; len(head) >= m.at+len(m.magic) && head[m.at] == m.magic[0] && string(head[m.at:m.at+len(m.magic)]) == m.magic {
			return m.kind, m.why, true
		}
	}
	has := func(at int, s string) bool { return len(head) >= at+len(s) && string(head[at:at+len(s)]) == s }
	// What begins as a text might, too.
	data := bytes.IndexByte(head[:min(len(head), 512)], 0) >= 0
	switch {
	case data && has(0, "PARE"):
		return "an encrypted Parquet file", locked, true
	case data && has(0, "ORC"):
		return "an ORC file", no, true
	case data && has(0, "AC10"):
		return "a CAD drawing (DWG)", no, true
	case data && has(0, "TAPE"):
		return "a backup in the Microsoft Tape Format", no, true
	case len(head) > 24 && head[0] == 0x60 && head[1] == 0xea && 30 <= wordLE(head[2:]) && wordLE(head[2:]) <= 2600:
		return "an ARJ archive", no, true
	case has(6, "-") && (has(2, "-lh") || has(2, "-lz") || has(2, "-pm")) && len(head) > 21:
		return "an LHA archive", no, true
	case has(1080, "\x53\xef") && uintLE(head[1100:]) <= 1 && wordLE(head[1082:]) <= 7:
		return "an ext file system", no, true
	case len(head) > 512 && uintBE(head[4:]) == 0 && has(24, "\x00\x08") && string(head[34:38]) == string(head[38:42]) && uintBE(head[46:]) > 0:
		return "a tablespace of InnoDB", no, true
	case has(510, "\x55\xaa") && head[446]&0x7f == 0 && head[462]&0x7f == 0 && head[478]&0x7f == 0 && head[494]&0x7f == 0:
		return "a disk image", no, true
	case pgpEncrypted(head):
		return "a file encrypted by OpenPGP", locked, true
	case len(head) > 20 && head[0] == 0x30 && bytes.Contains(head[:20], []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03")):
		return "a message encrypted by S/MIME", locked, true
	case has(0, "\x30\x82") && has(4, "\x02\x01\x03\x30") || has(0, "\x30\x80\x02\x01\x03\x30"):
		return "a key store (PKCS #12)", locked, true
	}
	return "", "", false
}

// pgpEncrypted reports whether head begins with the session key of an encrypted
// OpenPGP message (RFC 9580, sections 4.2, 5.1 and 5.3).
func pgpEncrypted(head []byte) bool {
	if len(head) < 16 {
		return false
	}
	tag, body := head[0]&0x3f, 2
	switch {
	case head[0]&0xc0 == 0x80 && head[0]&3 < 2: // old format, a length of one or two bytes
		tag, body = tag>>2, 2+int(head[0]&3)
	case head[0]&0xc0 == 0xc0 && head[1] < 192:
	case head[0]&0xc0 == 0xc0 && head[1] < 224:
		body = 3
	default:
		return false
	}
	b := head[body:]
	switch tag {
	case 1: // for a public key: version, the key's id, algorithm
		switch b[9] {
		case 1, 2, 16, 18, 25, 26:
			return b[0] == 3
		}
		return b[0] == 6 && b[1] <= 33
	case 3: // for a password: version, cipher, how the password becomes a key
		return b[0] == 4 && 1 <= b[1] && b[1] <= 13 && (b[2] <= 1 || b[2] == 3 || b[2] == 4) || b[0] == 5 || b[0] == 6
	}
	return false
}
