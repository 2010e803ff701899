/* Keys from files, and signed answers of any server: nothing that was not signed with the key is taken for
 * good. */
#include "fuzz.h"

#include <string.h>

#include "trust/zone/tsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view input = view_of(data, size);
	struct tsig_key key;
	struct tsig_mac mac = {.len = 32};
	struct buf message;
	const char *problem = NULL;
	uint64_t theirs;
	if (tsig_key_parse(input, &key, &problem) != 0) {
		check(problem != NULL);
		const char line[] = "hmac-sha256:k:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
		check(tsig_key_parse(VIEW(line), &key, &problem) == 0);
	}
	check(key.secret_len >= 16 && key.secret_len <= TSIG_SECRET_MAX && strlen(key.name) < DNS_NAME_SIZE);
	check(tsig_verify(input, &key, &mac, 1700000000, &theirs) != TSIG_GOOD);
	buf_init(&message, DNS_MESSAGE_MAX);
	check(dns_question_write(&message, 1, "example.org", DNS_SOA, false) == 0);
	check(tsig_sign(&message, &key, 1700000000, &mac) == 0 && mac.len >= 32);
	/* A request is no answer to itself. */
	check(tsig_verify(buf_view(&message), &key, &mac, 1700000000, &theirs) == TSIG_FORGED);
	buf_done(&message);
	tsig_key_wipe(&key);
	return 0;
}
