package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"postvern.example/internal/folder"
	"postvern.example/policy"
)

// maxKeyFile is the largest key file that is read: the export of a large
// union has some kilobytes a key.
const maxKeyFile = 64 << 20

// Why a file is refused.
var (
	// ErrSecretKey says that a file holds a secret key, which has no place on a gateway.
	ErrSecretKey = errors.New("it holds a secret key: export the public key only and delete this file")
	// ErrNoKey says that a file holds no OpenPGP public key, or a damaged one.
	ErrNoKey = errors.New("it is no OpenPGP public key file")

	errBareRevocation = fmt.Errorf("%w: it is a revocation without its key: import it into a program that has the key, and export the key from there", ErrNoKey)
)

// OpenPGP packet types (RFC 9580 §5).
const (
	tagSecretKey    = 5
	tagPublicKey    = 6
	tagSecretSubkey = 7
	tagSignature    = 2
	tagPublicSubkey = 14
	tagMarker       = 10
	tagTrust        = 12
	tagUserID       = 13
	tagPadding      = 21
)

// LoadKeys reads OpenPGP public keys (RFC 9580) from a folder, or from one
// file: armored or binary, one key or a whole export. Hidden files, files that
// begin with README and folders are left out. A file that holds anything but
// public keys is an error that names it (ErrNoKey, ErrSecretKey); a key that
// cannot be used is kept, and is among the problems where that will not change
// with time. The same key from several files is one key, revoked if one says so.
func LoadKeys(dir string) (*Keyring, []KeyProblem, error) {
	files, err := folder.Files(dir, ErrNoKey)
	if err != nil {
		return nil, nil, fmt.Errorf("load keys: %w", err)
	}
	var keys []*key
	for _, file := range files {
		data, err := folder.Read(file, maxKeyFile)
		if err != nil {
			return nil, nil, fmt.Errorf("load keys: %w", err)
		}
		found, err := parseKeys(data, filepath.Base(file))
		if err != nil {
			return nil, nil, fmt.Errorf("load keys from %s: %w", file, err)
		}
		keys = append(keys, found...)
	}
	keys = merge(keys)
	return newKeyring(keys), problems(keys), nil
}

// parseKeys reads all keys of one file.
func parseKeys(data []byte, file string) ([]*key, error) {
	data = fromUTF16(data)
	if !bytes.Contains(data, []byte("-----BEGIN PGP")) {
		return parsePackets(data, file)
	}
	var keys []*key
	for rest := data; ; {
		start := bytes.Index(rest, []byte("-----BEGIN PGP"))
		if start < 0 {
			break
		}
		rest = rest[start:]
		length := bytes.Index(rest, []byte("-----END PGP"))
		if length < 0 {
			return nil, fmt.Errorf("%w: the end of the armor is missing", ErrNoKey)
		}
		if line := bytes.IndexByte(rest[length:], '\n'); line >= 0 {
			length += line + 1
		} else {
			length = len(rest)
		}
		found, err := parseArmor(rest[:length], file)
		if err != nil {
			return nil, err
		}
		keys, rest = append(keys, found...), rest[length:]
	}
	return keys, nil
}

func parseArmor(block []byte, file string) ([]*key, error) {
	decoded, err := armor.Decode(bytes.NewReader(block))
	if err != nil {
		return nil, fmt.Errorf("%w: the armor is damaged", ErrNoKey)
	}
	switch decoded.Type {
	case openpgp.PublicKeyType:
	case openpgp.PrivateKeyType:
		return nil, ErrSecretKey
	default:
		return nil, fmt.Errorf("%w: it is armored as something else", ErrNoKey)
	}
	packets, err := io.ReadAll(decoded.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: the armor is damaged", ErrNoKey)
	}
	return parsePackets(packets, file)
}

// fromUTF16 undoes what PowerShell does to redirected output.
func fromUTF16(data []byte) []byte {
	var high, low int
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		high, low = 1, 0
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		high, low = 0, 1
	default:
		return data
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		units = append(units, uint16(data[i+high])<<8|uint16(data[i+low]))
	}
	return []byte(string(utf16.Decode(units)))
}

// parsePackets cuts a packet stream into keys: one that cannot be read does
// not take its neighbours with it, and is not forgotten either.
func parsePackets(data []byte, file string) ([]*key, error) {
	var blocks [][]*packet.OpaquePacket
	for r := packet.NewOpaqueReader(bytes.NewReader(data)); ; {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: it is damaged", ErrNoKey)
		}
		switch {
		case p.Tag == tagSecretKey || p.Tag == tagSecretSubkey:
			return nil, ErrSecretKey
		case p.Tag == tagMarker, p.Tag == tagPadding: // RFC 9580 §5.8, §5.14
			continue
		case p.Tag == tagPublicKey:
			blocks = append(blocks, nil)
		case len(blocks) == 0 && p.Tag == tagSignature && signatureType(p) == packet.SigTypeKeyRevocation:
			return nil, errBareRevocation
		case len(blocks) == 0:
			return nil, ErrNoKey
		case p.Tag == tagTrust: // GnuPG's own, in a key ring file
			continue
		}
		last := len(blocks) - 1
		blocks[last] = append(blocks[last], p)
	}
	if len(blocks) == 0 {
		return nil, ErrNoKey
	}
	keys := make([]*key, 0, len(blocks))
	for _, block := range blocks {
		keys = append(keys, parseKey(block, file))
	}
	return keys, nil
}

func parseKey(block []*packet.OpaquePacket, file string) *key {
	k := &key{file: file, source: policy.SourceFolder}
	k.forms = [][]byte{serialize(block)}
	kept := understood(block)
	for _, p := range kept {
		if p.Tag == tagUserID {
			if a := addressOf(string(p.Contents)); a != "" && !slices.Contains(k.addresses, a) {
				k.addresses = append(k.addresses, a)
			}
		}
	}
	entity, err := readEntity(kept)
	if err != nil {
		if some := bound(kept); some != nil {
			entity, err = readEntity(some)
		}
	}
	if err != nil {
		k.broken, k.reason = brokenBecause(block, err)
		if pub, isKey := readPublicKey(block[0]); isKey {
			k.fingerprint = fingerprintOf(pub.Fingerprint)
		}
		return k
	}
	k.fingerprint = fingerprintOf(entity.PrimaryKey.Fingerprint)
	if revokeUnread(entity, block) {
		k.broken, k.reason = policy.KeyRevoked, revokedUnchecked
		return k
	}
	if entity.SelfSignature == nil {
		entity.SelfSignature = directSignature(entity.PrimaryKey, block)
	}
	k.entity = entity
	return k
}

func serialize(block []*packet.OpaquePacket) []byte {
	var out bytes.Buffer
	for _, p := range block {
		_ = p.Serialize(&out) // a bytes.Buffer takes everything
	}
	return out.Bytes()
}

func readEntity(block []*packet.OpaquePacket) (*openpgp.Entity, error) {
	return openpgp.ReadEntity(packet.NewReader(bytes.NewReader(serialize(block))))
}

// maxSubkeys is how many subkeys of a key are looked at one by one.
const maxSubkeys = 50

// bound leaves out subkeys that nothing valid binds to their key (RFC 9580
// §5.2.1.8, §5.2.1.9): the library refuses the whole key for one of them, and
// anybody can add one to a key that is published. It is nil where no subkey is
// left, and where one that is revoked would be forgotten.
func bound(block []*packet.OpaquePacket) []*packet.OpaquePacket {
	var starts []int
	for i, p := range block {
		if p.Tag == tagPublicSubkey {
			starts = append(starts, i)
		}
	}
	if len(starts) < 2 || len(starts) > maxSubkeys {
		return nil
	}
	head := block[:starts[0]:starts[0]]
	kept := head
	for i, start := range starts {
		end := len(block)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		sub := block[start:end]
		if _, err := readEntity(append(head, sub...)); err == nil {
			kept = append(kept, sub...)
			continue
		}
		// What revokes it counts for other forms of the key as well: see revokeUnread.
		plain := slices.DeleteFunc(slices.Clone(sub), func(p *packet.OpaquePacket) bool {
			return p.Tag == tagSignature && signatureType(p) == packet.SigTypeSubkeyRevocation
		})
		if len(plain) == len(sub) {
			continue
		}
		if _, err := readEntity(append(head, plain...)); err != nil {
			return nil
		}
		kept = append(kept, plain...)
	}
	if len(kept) == len(head) {
		return nil
	}
	return kept
}

// directSignature returns the newest signature of a key on itself, which the
// library reads for keys of version 6 only: it may say when the key expires
// (RFC 9580 §5.2.3.10). It is nil where there is none.
func directSignature(pub *packet.PublicKey, block []*packet.OpaquePacket) (newest *packet.Signature) {
	for _, p := range block {
		if p.Tag != tagSignature || signatureType(p) != packet.SigTypeDirectSignature {
			continue
		}
		parsed, err := p.Parse()
		sig, ok := parsed.(*packet.Signature)
		if err == nil && ok && (newest == nil || sig.CreationTime.After(newest.CreationTime)) && pub.VerifyDirectKeySignature(sig) == nil {
			newest = sig
		}
	}
	return newest
}

// understood leaves out what no program of today has to know: subkeys of a kind
// that is not supported, with their signatures, and signatures of kinds that
// have no place on a key or say nothing of its use (RFC 9580 §5.2.1). The
// library would refuse the whole key for one of them.
func understood(block []*packet.OpaquePacket) []*packet.OpaquePacket {
	kept := make([]*packet.OpaquePacket, 0, len(block))
	skipping := false
	for _, p := range block {
		switch p.Tag {
		case tagPublicSubkey:
			_, ok := readPublicKey(p)
			skipping = !ok
		case tagSignature:
			if len(p.Contents) > 1 && p.Contents[0] >= 4 && !onKeys(packet.SignatureType(p.Contents[1])) {
				continue
			}
		default:
			skipping = false
		}
		if !skipping {
			kept = append(kept, p)
		}
	}
	return kept
}

func onKeys(t packet.SignatureType) bool {
	switch t {
	case packet.SigTypeGenericCert, packet.SigTypePersonaCert, packet.SigTypeCasualCert, packet.SigTypePositiveCert,
		packet.SigTypeSubkeyBinding, packet.SigTypeDirectSignature, packet.SigTypeKeyRevocation,
		packet.SigTypeSubkeyRevocation, packet.SigTypeCertificationRevocation:
		return true
	default:
		return false
	}
}

func readPublicKey(p *packet.OpaquePacket) (*packet.PublicKey, bool) {
	parsed, err := p.Parse()
	if err != nil {
		return nil, false
	}
	pub, ok := parsed.(*packet.PublicKey)
	return pub, ok
}

const revokedUnchecked = "the key is revoked by a signature that cannot be checked"

// brokenBecause finds the state of a key that cannot be read as a whole. The
// library's error may quote the key: it is not repeated.
func brokenBecause(block []*packet.OpaquePacket, err error) (policy.KeyState, string) {
	if strings.Contains(err.Error(), "revocation") || unreadRevocation(block) {
		return policy.KeyRevoked, revokedUnchecked
	}
	if revokedBare(block) {
		return policy.KeyRevoked, "the key is revoked"
	}
	pub, ok := readPublicKey(block[0])
	if !ok {
		return policy.KeyNoEncryption, "the key is of a kind that is not supported"
	}
	if why := weakKey(pub); why != "" {
		return policy.KeyWeak, "the primary key is " + why
	}
	return policy.KeyWeak, "a signature or subkey of the key is missing, damaged or not valid"
}

// problems lists keys that no passing of time will mend: each is judged at the
// moment of its newest signature.
func problems(keys []*key) []KeyProblem {
	var list []KeyProblem
	for _, k := range keys {
		var made time.Time
		if k.entity != nil {
			made = signed(k.entity)
			for _, sub := range k.entity.Subkeys {
				if sub.Sig.CreationTime.After(made) {
					made = sub.Sig.CreationTime
				}
			}
		}
		if v := k.judgeAny(made); v.state != policy.KeyUsable && v.state != policy.KeyExpired {
			list = append(list, KeyProblem{File: k.file, Fingerprint: k.fingerprint, Addresses: slices.Clone(k.addresses), State: v.state, Reason: v.reason})
		}
	}
	return list
}
