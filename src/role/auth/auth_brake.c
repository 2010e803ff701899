/*
 * The guessing brake of logins: what an attempt counts for (src/trust/login/throttle.h), from which places an
 * owner is known, and what is noted of a login that succeeded. Known places stand with the account's
 * credentials, as hashes that are keyed with the server's secret, so they outlive this process and go with
 * the account.
 */
#include <string.h>

#include "format/address_normal.h"
#include "base/clock.h"
#include "base/hours.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/auth/auth_login.h"

enum { THROTTLE_ENTRIES = 100000 };

static struct throttle *throttle;

enum { REFUSED, LOCKED };
static struct hours hours;

void auth_brake_start(void)
{
	if (throttle == NULL)
		throttle = throttle_new(THROTTLE_ENTRIES);
}

static struct throttle_client client_of(const struct login *l)
{
	return (struct throttle_client){.address = view_of(l->address, l->address_len),
	    .account = buf_view(&l->brake_name),
	    .known_place = l->known_place};
}

/* The salt is the account's: the same place looks different with each. */
static void make_place(struct login *l)
{
	crypto_generichash_state hash;
	struct view place = throttle_place(view_of(l->address, l->address_len));
	unsigned char out[crypto_generichash_BYTES];
	crypto_generichash_init(&hash, auth_secret(), AUTH_SECRET_SIZE, sizeof out);
	crypto_generichash_update(&hash, l->credentials.salt, sizeof l->credentials.salt);
	crypto_generichash_update(&hash, (const unsigned char *)place.data, place.len);
	crypto_generichash_final(&hash, out, sizeof out);
	memcpy(l->place, out, sizeof l->place);
	l->has_place = true;
}

/* One account is one account, by whichever of its addresses somebody tries it. */
static void make_name(struct login *l)
{
	struct address normal;
	struct view identity = buf_view(&l->identity);
	buf_clear(&l->brake_name);
	if (l->known)
		buf_append(&l->brake_name, buf_view(&l->normal));
	else if (address_normalize(identity, &normal) == 0)
		buf_append(&l->brake_name, address_view(&normal));
	else
		buf_append(&l->brake_name, identity);
}

int64_t auth_brake_begin(struct login *l)
{
	make_name(l);
	if (l->known && l->address_len)
		make_place(l);
	l->known_place = l->has_place && credentials_know_place(&l->credentials, l->place, clock_wall());
	struct throttle_answer answer = throttle_begin(throttle, client_of(l), clock_monotonic_ms());
	if (answer.verdict == THROTTLE_ALLOW) {
		l->counted = true;
		return answer.delay_ms;
	}
	hours_add(&hours, clock_wall(), LOCKED, 1);
	l->protocol |= CREDENTIAL_APPS_ONLY;
	l->lock_reason = answer.reason;
	return 0;
}

void auth_brake_hours(struct auth_hour out[AUTH_HOURS])
{
	int64_t now = clock_wall();
	for (unsigned i = 0; i < AUTH_HOURS; i++) {
		unsigned back = AUTH_HOURS - 1 - i;
		out[i] = (struct auth_hour){.from = (now / HOUR_SECONDS - back) * HOUR_SECONDS,
		    .refused = hours_get(&hours, now, back, REFUSED),
		    .locked = hours_get(&hours, now, back, LOCKED)};
	}
}

void auth_brake_failed(struct login *l)
{
	hours_add(&hours, clock_wall(), REFUSED, 1);
	if (l->counted)
		throttle_failed(throttle, client_of(l), l->fingerprint, clock_monotonic_ms());
	l->counted = false;
}

void auth_brake_withdrawn(struct login *l)
{
	if (l->counted)
		throttle_withdrawn(throttle, client_of(l), clock_monotonic_ms());
	l->counted = false;
}

/* ---- what is noted of a login ---- */

static bool noted(void *arg, struct link *link, struct channel_frame *frame)
{
	(void)arg;
	(void)link;
	(void)frame;
	/* A lost note costs little: the time of an app password's use, or a place that is noted the next
	 * time. */
	return true;
}

static void note_use(struct login *l)
{
	struct buf fresh;
	int64_t now = clock_wall();
	bool used_app = l->credential != 0 && credentials_touch_app(&l->credentials, l->credential, now);
	bool new_place = l->has_place && credentials_touch_place(&l->credentials, l->place, now);
	if (!used_app && !new_place && l->renewed.len == 0)
		return;
	auth_password_put_renewed(l);
	buf_init(&fresh, CREDENTIALS_MAX + 1024);
	if (credentials_encode(&l->credentials, &fresh) == 0) {
		const struct view fields[] = {buf_view(&l->normal), buf_view(&fresh), buf_view(&l->record)};
		auth_ask_directory(
		    DIRECTORY_CREDENTIALS_PUT, DIRECTORY_CREDENTIALS_ADDED, fields, 3, noted, NULL);
	}
	if (fresh.data)
		mem_wipe(fresh.data, fresh.cap);
	buf_done(&fresh);
}

void auth_brake_given_back(struct login *l)
{
	if (l->counted)
		throttle_succeeded(throttle, client_of(l), clock_monotonic_ms());
	l->counted = false;
}

void auth_brake_touch_place(struct login *l)
{
	if (!l->has_place && l->address_len)
		make_place(l);
	if (l->has_place)
		credentials_touch_place(&l->credentials, l->place, clock_wall());
}

void auth_brake_succeeded(struct login *l)
{
	auth_brake_given_back(l);
	note_use(l);
}
