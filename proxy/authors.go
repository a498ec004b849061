package proxy

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy/extract"
	"postvern.example/proxy/message"
)

// stamped returns by name the people whom programs named in attached files as
// those who made, changed or commented them. The one who sends does not count.
func (in inside) stamped(msg *message.Message, authors []extract.Author) map[string][]person {
	if len(authors) == 0 {
		return nil
	}
	named := map[string][]person{}
	sender := in.sender(msg)
	for _, author := range authors {
		if _, known := named[author.Name]; known {
			continue
		}
		people := []person{}
		addresses := detect.Addresses(author.Name)
		for _, a := range addresses {
			people = append(people, person{address: a})
		}
		if len(addresses) == 0 {
			people = append(people, in.reading(person{name: author.Name}))
		}
		named[author.Name] = slices.DeleteFunc(people, sender)
	}
	return named
}

// reading returns a person who is only named with their address, where they are
// among the readers: nobody learns of themselves.
func (in inside) reading(p person) person {
	for _, reader := range in.readers {
		if in.rules.Members.IsNamed(reader, p.name) {
			p.address = reader
			break
		}
	}
	return p
}

// sender returns what reports whether somebody is the one who sends.
func (in inside) sender(msg *message.Message) func(person) bool {
	own := map[string]bool{}
	for _, f := range msg.Root.Get("From") {
		boxes, _ := msg.Mailboxes(f)
		for _, b := range boxes {
			own[strings.ToLower(b.Name)] = true
		}
	}
	return func(p person) bool { return in.own.has(p.address) || p.address == "" && own[strings.ToLower(p.name)] }
}

// worked says what the people tell who worked on files.
func (in inside) worked(named map[string][]person) policy.Listing {
	var all []person
	for _, people := range named {
		all = append(all, people...)
	}
	return max(in.members(all), in.shownAgain(all))
}

// clearing takes the names of those who worked on the attached files of one
// message out of these files.
type clearing struct {
	msg   *message.Message
	in    inside
	named map[string][]person
	files []clearable
	fixed []extract.Author // in files that are not written again
	write func(p *message.Part, names []string) ([]byte, error)
	made  map[string]message.Edit // readers with copies of their own mostly get the same
	room  int                     // octets that may yet be made
}

// clearable is a file with those whom it names.
type clearable struct {
	part    *message.Part
	authors []extract.Author
}

// cleared is a file without some of those whom it named.
type cleared struct {
	message.Edit
	was, now []string // whom it names
}

var errStillAuthor = errors.New("a file names somebody hidden as one who worked on it")

// clearing returns what takes the names out that a message's files are stamped
// with; nil where the policy asks for nothing of it.
func (g *Gateway) clearing(ctx context.Context, r *Rules, env message.Envelope, msg *message.Message, text extract.Result, f policy.Facts) *clearing {
	if f.Authors == policy.NotListed || r.Policy.Recipients.Authors != policy.Remove || !r.Policy.Concerns(f) {
		return nil
	}
	in := r.inside(env, msg, r.agreement(env, msg, f.At))
	c := &clearing{msg: msg, in: in, named: in.stamped(msg, text.Authors), made: map[string]message.Edit{}, room: 2 * extract.MostRemoved}
	c.write = func(p *message.Part, names []string) ([]byte, error) {
		if msg.Size(p.Body) > small {
			select {
			case g.heavy <- struct{}{}:
				defer func() { <-g.heavy }()
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		return g.cfg.Extract.WithoutAuthors(ctx, msg, p, names)
	}
	c.files, c.fixed = stampedFiles(msg, text.Authors)
	return c
}

// try finds out which names cannot be taken out, whoever will be hidden.
func (c *clearing) try(f *policy.Facts) {
	if c != nil {
		_, left := c.clear(c.in.told)
		f.AuthorsFixed = c.in.worked(left)
	}
}

// aside returns how many octets of the files are not held and will be.
func (c *clearing) aside() (n int64) {
	if c != nil {
		for _, f := range c.files {
			n += c.msg.Aside(f.part.Body)
		}
	}
	return n
}

// stampedFiles returns the parts that are files which name authors and can be
// written again, and the authors in others: in signed parts, in files of which
// a field of the mail says more than what they are, and in messages inside files.
func stampedFiles(msg *message.Message, authors []extract.Author) (files []clearable, fixed []extract.Author) {
	var leaves []*message.Part
	signed := map[*message.Part]bool{}
	var walk func(p *message.Part, covered bool)
	walk = func(p *message.Part, covered bool) {
		covered = covered || p.MediaType == "multipart/signed"
		if len(p.Children) == 0 {
			leaves = append(leaves, p)
			signed[p] = covered || len(p.Get("Content-MD5")) > 0
		}
		for _, child := range p.Children {
			walk(child, covered)
		}
	}
	walk(msg.Root, false)
	for _, a := range authors {
		var of *message.Part
		for _, p := range leaves {
			if a.Of(p.Place) {
				if of != nil {
					of = nil // nobody knows whose it is
					break
				}
				of = p
			}
		}
		if of == nil || signed[of] {
			fixed = append(fixed, a)
			continue
		}
		i := slices.IndexFunc(files, func(f clearable) bool { return f.part == of })
		if i < 0 {
			i, files = len(files), append(files, clearable{part: of})
		}
		files[i].authors = append(files[i].authors, a)
	}
	return files, fixed
}

// clear returns the files that name somebody hidden without them, and by name
// those of them whom nothing takes out.
func (c *clearing) clear(hidden func(person) bool) (files []cleared, left map[string][]person) {
	left = map[string][]person{}
	goes := func(a extract.Author) bool { return slices.ContainsFunc(c.named[a.Name], hidden) }
	for _, a := range c.fixed {
		if goes(a) {
			left[a.Name] = c.named[a.Name]
		}
	}
	for i, f := range c.files {
		var names, stay, all []string
		for _, a := range f.authors {
			all = append(all, a.Name)
			if goes(a) {
				names = append(names, a.Name)
			} else {
				stay = append(stay, a.Name)
			}
		}
		if len(names) == 0 {
			continue
		}
		edit, err := c.file(i, names)
		if err != nil {
			for _, name := range names {
				left[name] = c.named[name]
			}
			continue
		}
		files = append(files, cleared{edit, all, stay})
	}
	return files, left
}

// file returns the edit that takes names out of one file.
func (c *clearing) file(i int, names []string) (message.Edit, error) {
	key := string(rune(i)) + strings.Join(names, "\x00")
	if e, ok := c.made[key]; ok {
		return e, nil
	}
	if c.room <= 0 {
		return message.Edit{}, extract.ErrKept
	}
	content, err := c.write(c.files[i].part, names)
	if err != nil {
		return message.Edit{}, err
	}
	e, err := c.msg.Refill(c.files[i].part, content)
	if err != nil {
		return message.Edit{}, err
	}
	c.room -= len(e.With)
	c.made[key] = e
	return e, nil
}

// blindFiles returns the edits that take those who are hidden out of what
// attached files say of who worked on them.
func (p *preparation) blindFiles(hidden map[string]bool) ([]message.Edit, error) {
	if p.files == nil {
		return nil, errStillAuthor
	}
	in := p.files.in
	files, left := p.files.clear(func(who person) bool { return in.told(who) && in.secret(who, hidden) })
	if len(left) > 0 {
		return nil, errStillAuthor
	}
	p.cleared = files
	var edits []message.Edit
	for _, f := range files {
		edits = append(edits, f.Edit)
	}
	return edits, nil
}

// inBrief puts a list of whom a file names in the place of its octets, as they
// came and as they go, which nobody can read.
func (p *preparation) inBrief(before, after []byte) (came, goes []byte) {
	brief := func(text, body []byte, names []string) []byte {
		list := ""
		for _, name := range names {
			list += "author: " + name + "\r\n"
		}
		return bytes.Replace(text, bytes.TrimRight(body, "\r\n"), []byte(strings.TrimSuffix(list, "\r\n")), 1)
	}
	for _, f := range p.cleared {
		before, after = brief(before, p.msg.Bytes(f.Range), f.was), brief(after, f.With, f.now)
	}
	return before, after
}
