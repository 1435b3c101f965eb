package document

func (o *ole) word(e *oleEntry) error                         { o.told[e] = false; return nil }
func (o *ole) excel(e *oleEntry) error                        { o.told[e] = false; return nil }
func (o *ole) powerpoint(e *oleEntry) error                   { o.told[e] = false; return nil }
func (o *ole) encryptedPackage(info, content *oleEntry) error { return nil }
