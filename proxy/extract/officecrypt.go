package extract

// encryptedPackage reports an Office document that a password protects.
func (r *reading) encryptedPackage(p piece, _, _ []byte) {
	r.protected(p.place, strengthStrong)
}
