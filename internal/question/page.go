package question

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"postvern.example/internal/notice"
)

//go:embed page.html
var files embed.FS

// Desk is where questions lie.
type Desk interface {
	// View returns a question, or what there is to say where it is decided. It
	// changes nothing.
	View(ctx context.Context, id string) (notice.Question, notice.Told, error)
	// Answer carries an answer out and returns what became of it.
	Answer(ctx context.Context, id string, choice notice.Choice) (notice.Told, error)
}

// Pages serves the page on which a question is answered. Who has the link may
// answer; to open it changes nothing, for mail scanners open every link.
type Pages struct {
	tokens   *Tokens
	desk     Desk
	texts    *notice.Catalog
	language func() string // of pages that belong to no question
	log      *slog.Logger
	now      func() time.Time
	template *template.Template
}

// PagesConfig is what Pages are made of.
type PagesConfig struct {
	Tokens   *Tokens
	Desk     Desk
	Texts    *notice.Catalog
	Language func() string
	Logger   *slog.Logger
	Now      func() time.Time
}

// NewPages returns the handler of the links that c.Tokens makes.
func NewPages(c PagesConfig) (*Pages, error) {
	t, err := template.ParseFS(files, "page.html")
	if err != nil {
		return nil, fmt.Errorf("read page: %w", err)
	}
	return &Pages{tokens: c.Tokens, desk: c.Desk, texts: c.Texts, language: c.Language, log: c.Logger, now: c.Now, template: t}, nil
}

// ServeHTTP shows a question (GET) or takes its answer (POST).
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	protect(w.Header())
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		p.show(w, r)
	case http.MethodPost:
		p.take(w, r)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		p.write(w, http.StatusMethodNotAllowed, p.texts.Tell(p.language(), notice.ToldUnknown))
	}
}

// protect sets the header fields that keep a page to itself: no other site
// frames it, nothing is loaded or run, nobody keeps it or learns its address.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}

// id returns the question that a request is about. Where there is none it
// answers the request.
func (p *Pages) id(w http.ResponseWriter, r *http.Request) (string, bool) {
	id, err := p.tokens.Follow(r.PathValue("code"), p.now())
	switch {
	case errors.Is(err, ErrOver):
		p.write(w, http.StatusGone, p.texts.Tell(p.language(), notice.ToldOver))
	case err != nil:
		p.write(w, http.StatusNotFound, p.texts.Tell(p.language(), notice.ToldUnknown))
	}
	return id, err == nil
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request) {
	id, ok := p.id(w, r)
	if !ok {
		return
	}
	q, told, err := p.desk.View(r.Context(), id)
	switch {
	case err != nil:
		p.trouble(w, p.language(), err)
	case told != "":
		p.write(w, http.StatusOK, p.texts.Tell(p.of(q), told))
	default:
		p.write(w, http.StatusOK, p.texts.Ask(q))
	}
}

// mostForm is how large a form may be: it has one field.
const mostForm = 4 << 10

func (p *Pages) take(w http.ResponseWriter, r *http.Request) {
	id, ok := p.id(w, r)
	if !ok {
		return
	}
	q, told, err := p.desk.View(r.Context(), id)
	if err != nil {
		p.trouble(w, p.language(), err)
		return
	}
	if told != "" {
		p.write(w, http.StatusOK, p.texts.Tell(p.of(q), told))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	choice := notice.Choice(r.PostFormValue("answer"))
	if !chosen(q, choice) {
		page := p.texts.Ask(q)
		if say, ok := p.texts.Word(q.Language, "page."+string(notice.ToldChoose)); ok {
			page.Text = append([]string{say}, page.Text...)
		}
		p.write(w, http.StatusBadRequest, page)
		return
	}
	if _, err := p.desk.Answer(r.Context(), id, choice); err != nil {
		if q, told, seen := p.desk.View(r.Context(), id); seen == nil && told != "" { // somebody else was faster
			p.write(w, http.StatusConflict, p.texts.Tell(p.of(q), told))
			return
		}
		p.trouble(w, q.Language, err)
		return
	}
	// The page again, which now says what became of it: a reload sends nothing.
	// The path is relative, for a proxy may serve it below another one.
	w.Header().Set("Location", r.PathValue("code"))
	w.WriteHeader(http.StatusSeeOther)
}

func chosen(q notice.Question, choice notice.Choice) bool {
	return slices.Contains(q.Choices(), choice)
}

// of returns the language of a question, or of the organisation.
func (p *Pages) of(q notice.Question) string {
	if q.Language != "" {
		return q.Language
	}
	return p.language()
}

func (p *Pages) trouble(w http.ResponseWriter, lang string, err error) {
	p.log.Error("kept", "what", "a question", "cause", err)
	p.write(w, http.StatusServiceUnavailable, p.texts.Tell(lang, notice.ToldTrouble))
}

func (p *Pages) write(w http.ResponseWriter, status int, page notice.Page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := p.template.Execute(w, page); err != nil {
		p.log.Debug("closed", "what", "a page", "cause", err)
	}
}

// Style serves the page's style sheet.
func Style(w http.ResponseWriter, _ *http.Request) {
	protect(w.Header())
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(style)
}

//go:embed style.css
var style []byte
