/*
 * Which records mail for a domain should have: a list, made of what the server knows of itself (struct
 * zone_site). Pure: whoever asks (the command line, the daily look, a page for administrators) gathers the
 * site. trust/zone/zone_check.h compares the plan with what name servers say.
 */
#ifndef TRUST_ZONE_ZONE_PLAN_H
#define TRUST_ZONE_ZONE_PLAN_H

#include "trust/zone/zone_record.h"

enum {
	ZONE_WANTED_MAX = 120,   /* some 20 records, an address or a key more each */
	ZONE_ADDRESSES_MAX = 16, /* of the host */
	ZONE_KEYS_MAX = 40,      /* DKIM keys of a domain, new and old: SIGNING_KEYS_MAX */
	ZONE_CERTIFICATES_MAX = 8,
	ZONE_PLAN_MEMORY_MAX =
	    256 * 1024, /* of the arena: keys have 500 octets, a record may have DNS_TXT_MAX */
	ZONE_TTL = 3600 /* of the records that are made */
};

enum zone_key_state {
	ZONE_KEY_NEW,     /* will sign when its record is seen */
	ZONE_KEY_ACTIVE,  /* signs */
	ZONE_KEY_OLD,     /* signs no more; mail that it has signed may still be on its way */
	ZONE_KEY_RETIRED, /* its record should be gone */
};

struct zone_key {
	const char *selector;
	struct view record; /* "v=DKIM1; ..."; of a retired one it may be empty */
	enum zone_key_state state;
};

struct zone_service {
	const char *name; /* "_imaps._tcp" */
	uint16_t port;    /* 0: not offered */
};

struct zone_site {
	const char *domain, *host; /* A-labels, lower case; host: by which other servers know us */
	const struct sockaddr_storage *addresses; /* of the host that are reached from the internet */
	size_t address_count;                     /* 0: not known */
	const struct sockaddr_storage *senders;   /* from which mail leaves, where the settings say so */
	size_t sender_count;
	const struct zone_service *services;
	size_t service_count;
	const struct zone_key *keys;
	size_t key_count;
	const struct view *certificates; /* SHA-256 of the public key of each that names the host */
	size_t certificate_count;
	const char *authority;   /* who issued them, as CAA names it ("letsencrypt.org"); NULL: not known */
	const char *reports;     /* address for reports; NULL: postmaster@ the domain */
	const char *logo, *mark; /* BIMI: URLs of the picture and its certificate; NULL: none */
	bool smart_host;         /* mail leaves by another's host */
};

enum zone_need {
	ZONE_REQUIRED,    /* without it mail is lost or refused */
	ZONE_RECOMMENDED, /* without it mail is less safe, or harder to set up */
	ZONE_OPTIONAL     /* makes sense only together with something that is done elsewhere */
};

enum zone_part {
	ZONE_MX,
	ZONE_ADDRESS,
	ZONE_PTR,
	ZONE_SPF,
	ZONE_DKIM,
	ZONE_DMARC,
	ZONE_MTA_STS,
	ZONE_TLSRPT,
	ZONE_TLSA,
	ZONE_SRV,
	ZONE_AUTOCONFIG,
	ZONE_CAA,
	ZONE_BIMI,
	ZONE_SERVERS, /* the name servers; no record of the plan */
	ZONE_PARTS
};

/* "mta-sts": in JSON. "MTA-STS": for people. */
const char *zone_part_name(enum zone_part part);
const char *zone_part_title(enum zone_part part);
const char *zone_need_name(enum zone_need need);

struct zone_wanted {
	struct zone_record record;
	enum zone_need need;
	enum zone_part part;
	const char *why; /* a sentence or two */
};

struct zone_plan {
	struct zone_wanted items[ZONE_WANTED_MAX];
	size_t count;
};

/*
 * Texts live in the arena or are constants. 0; -ENAMETOOLONG: the domain leaves no room for the names below
 * it; -E2BIG past ZONE_WANTED_MAX; -ENOMEM.
 */
int zone_plan_make(const struct zone_site *site, struct arena *arena, struct zone_plan *out);

/* Appends the MTA-STS policy that fits the plan, and the id that its record has: a digest of it, so that it
 * changes when the policy does (RFC 8461 section 3.1). */
enum { ZONE_POLICY_ID_SIZE = 21 };
int zone_policy_text(const struct zone_site *site, struct buf *out);
bool zone_policy_id(const struct zone_site *site, char out[ZONE_POLICY_ID_SIZE]);

/*
 * zone_configuration.c: appends what mail programs find at /.well-known/user-agent-configuration.json of
 * ua-auto-config.DOMAIN, and the record below _ua-auto-config with a digest of it, by which they know that
 * the domain has said so (draft-ietf-mailmaint-pacc-02). 0; -ENOENT: HTTPS is not served at port 443, where
 * they look; -ENOBUFS; -ENOMEM.
 */
enum { ZONE_CONFIGURATION_MAX = 4096 /* octets: a host's name five times */ };
int zone_configuration_text(const struct zone_site *site, struct buf *out);
int zone_configuration_record(const struct zone_site *site, struct buf *out);

/*
 * Appends the plan as a zone file that name servers load: records of the domain as they are, optional ones
 * and those of other zones behind ";". all: optional ones as they are, too.
 */
int zone_plan_print(const struct zone_plan *plan, const struct zone_site *site, bool all, struct buf *out);

/*
 * Appends the plan as lines, for whoever shows it elsewhere: part, need, name, TTL, type, data and why, with
 * a tab between each two and a line end behind each. Those that do not fit into `most` octets in all are left
 * out. The result of buf_append.
 */
enum { ZONE_LINE_FIELDS = 7 };
int zone_plan_lines(const struct zone_plan *plan, size_t most, struct buf *out);

#endif
