package document

// message reads a message of Outlook ([MS-OXMSG]): its streams.
func (o *ole) message() error { return nil }
