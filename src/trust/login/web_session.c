/* Sessions of the web, as an account keeps them: see web_session.h. */
#include "trust/login/web_session.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "format/wire.h"

static void hash_token(const unsigned char token[WEB_TOKEN_SIZE], unsigned char hash[WEB_TOKEN_HASH_SIZE])
{
	/* Fast, because what is hashed is random. */
	crypto_generichash(hash, WEB_TOKEN_HASH_SIZE, token, WEB_TOKEN_SIZE, NULL, 0);
}

static bool has_ended(const struct web_session *session, int64_t now)
{
	return now - session->last_used >= WEB_SESSION_SECONDS;
}

static void remove_at(struct web_sessions *s, size_t i)
{
	memmove(&s->list[i], &s->list[i + 1], (s->count - i - 1) * sizeof s->list[0]);
	s->count--;
}

/* The id of the one that had not ended and went all the same; 0: none. */
static uint64_t make_room(struct web_sessions *s, int64_t now)
{
	for (size_t i = s->count; i > 0; i--)
		if (has_ended(&s->list[i - 1], now))
			remove_at(s, i - 1);
	if (s->count < WEB_SESSIONS_MAX)
		return 0;
	size_t oldest = 0;
	for (size_t i = 1; i < s->count; i++)
		if (s->list[i].last_used < s->list[oldest].last_used)
			oldest = i;
	uint64_t id = s->list[oldest].id;
	remove_at(s, oldest);
	return id;
}

/* What a client calls itself, cut between two characters; what is no text is nothing. */
static struct view cut(struct view text, size_t most)
{
	return utf8_valid(text) ? utf8_cut(text, most) : (struct view){0};
}

int web_session_add(struct web_sessions *s, const struct web_session *made,
    const unsigned char token[WEB_TOKEN_SIZE], struct arena *arena, uint64_t *pushed_out)
{
	struct web_session session = *made;
	if (!arena_copy(arena, cut(made->agent, WEB_AGENT_MAX), &session.agent) ||
	    !arena_copy(arena, cut(made->address, WEB_ADDRESS_MAX), &session.address))
		return -ENOBUFS;
	hash_token(token, session.hash);
	*pushed_out = make_room(s, made->created);
	s->list[s->count++] = session;
	return 0;
}

struct web_session *web_session_find(
    struct web_sessions *s, const unsigned char token[WEB_TOKEN_SIZE], int64_t now)
{
	unsigned char hash[WEB_TOKEN_HASH_SIZE];
	struct web_session *found = NULL;
	hash_token(token, hash);
	for (size_t i = 0; i < s->count; i++)
		if (sodium_memcmp(hash, s->list[i].hash, sizeof hash) == 0 && !has_ended(&s->list[i], now))
			found = &s->list[i];
	return found;
}

bool web_session_touch(struct web_session *session, struct view address, int64_t now)
{
	/* A time that is still to come is that of a clock which was set back. */
	bool recent = session->last_used <= now && now - session->last_used < WEB_SESSION_TOUCH_SECONDS;
	address = cut(address, WEB_ADDRESS_MAX);
	if (recent && view_equal(session->address, address))
		return false;
	session->last_used = now;
	session->address = address;
	return true;
}

bool web_session_is_proved(const struct web_session *session, int64_t now)
{
	return session->proved <= now && now - session->proved < WEB_SESSION_PROOF_SECONDS;
}

bool web_session_end(struct web_sessions *s, uint64_t id)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].id == id) {
			remove_at(s, i);
			return true;
		}
	return false;
}

/* ---- the text of a token ---- */

static int put_base64(struct buf *out, struct view in)
{
	size_t len = sodium_base64_encoded_len(in.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *room = buf_reserve(out, len);
	if (room == NULL)
		return -ENOBUFS;
	sodium_bin2base64(
	    room, len, (const unsigned char *)in.data, in.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	buf_commit(out, len - 1);
	return 0;
}

int web_token_write(struct buf *out, const unsigned char token[WEB_TOKEN_SIZE], struct view address)
{
	put_base64(out, view_of(token, WEB_TOKEN_SIZE));
	buf_append_byte(out, '.');
	put_base64(out, address);
	return buf_failed(out) ? -ENOBUFS : 0;
}

static bool get_base64(struct view in, unsigned char *out, size_t room, size_t *len)
{
	return in.len > 0 && base64url_read(in, out, room, len) == 0;
}

bool web_token_read(struct view text, unsigned char token[WEB_TOKEN_SIZE], struct buf *address)
{
	unsigned char name[SASL_IDENTITY_MAX];
	size_t len = 0, name_len = 0;
	ptrdiff_t dot = view_find(text, '.');
	return dot > 0 && get_base64(view_take(text, (size_t)dot), token, WEB_TOKEN_SIZE, &len) &&
	       len == WEB_TOKEN_SIZE &&
	       get_base64(view_skip(text, (size_t)dot + 1), name, sizeof name, &name_len) && name_len > 0 &&
	       utf8_valid(view_of(name, name_len)) && buf_append(address, view_of(name, name_len)) == 0;
}

/* ---- the stored form ---- */

/*
 *	sessions = count *session
 *	session  = id hash created last-used proved agent address is-token
 */
void web_sessions_put(const struct web_sessions *s, struct buf *out)
{
	wire_put_number(out, s->count);
	for (size_t i = 0; i < s->count; i++) {
		const struct web_session *w = &s->list[i];
		wire_put_number(out, w->id);
		buf_append(out, view_of(w->hash, sizeof w->hash));
		wire_put_number(out, (uint64_t)w->created);
		wire_put_number(out, (uint64_t)w->last_used);
		wire_put_number(out, (uint64_t)w->proved);
		wire_put_text(out, w->agent);
		wire_put_text(out, w->address);
		wire_put_number(out, w->is_token);
	}
}

void web_sessions_get(struct cursor *in, struct web_sessions *s)
{
	s->count = 0;
	uint64_t count = wire_number(in, WEB_SESSIONS_MAX);
	for (uint64_t i = 0; i < count && cursor_ok(in); i++) {
		struct web_session *w = &s->list[s->count++];
		w->id = wire_number(in, UINT64_MAX);
		struct view hash = cursor_bytes(in, WEB_TOKEN_HASH_SIZE);
		if (hash.len)
			memcpy(w->hash, hash.data, WEB_TOKEN_HASH_SIZE);
		w->created = (int64_t)wire_number(in, INT64_MAX);
		w->last_used = (int64_t)wire_number(in, INT64_MAX);
		w->proved = (int64_t)wire_number(in, INT64_MAX);
		w->agent = wire_text(in);
		w->address = wire_text(in);
		w->is_token = wire_number(in, 1) == 1;
	}
}
