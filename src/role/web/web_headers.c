/* The table of web_headers.h. */
#include "role/web/web_headers.h"

#define FIELD(name, value)                                                                                   \
	{                                                                                                    \
		{(name), sizeof(name) - 1},                                                                  \
		{                                                                                            \
			(value), sizeof(value) - 1                                                           \
		}                                                                                            \
	}

/* HSTS is the first: without TLS it is left out (RFC 6797 section 7.2). */
static const struct http_field fields[] = {
    FIELD("strict-transport-security", "max-age=31536000"),
    /* Nothing is loaded or run from what is no page of ours; no other page shows it in a frame. */
    FIELD("content-security-policy",
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    FIELD("cross-origin-opener-policy", "same-origin"),
    FIELD("cross-origin-resource-policy", "same-origin"),
    FIELD("x-content-type-options", "nosniff"),
    FIELD("x-frame-options", "DENY"),
    FIELD("referrer-policy", "no-referrer"),
    FIELD("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    /* What stands in somebody's mail stays in no cache that others use. */
    FIELD("cache-control", "no-store"),
};

const struct http_field *web_headers(bool secure, size_t *count)
{
	size_t all = sizeof fields / sizeof fields[0];
	*count = secure ? all : all - 1;
	return secure ? fields : fields + 1;
}
