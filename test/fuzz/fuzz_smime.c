/*
 * Signatures of S/MIME. Nobody has signed these inputs with a key whose certificate an anchor vouches for: so
 * whatever they are, none is verified; and what is said of one hangs together.
 */
#include "fuzz.h"

#include "smime/smime.h"

enum { NOW = 1800000000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smime_verdict v = {.problems = 0}, again = {.problems = 0};
	struct view message = view_of(data, size);
	if (smime_verify(message, NULL, NOW, NOW - 86400, &v) != 0)
		return 0;
	check(v.now < SMIME_STATUSES && v.now != SMIME_VERIFIED && v.delivered == v.now);
	check(v.problems < SMIME_PROBLEMS_END && (v.now == SMIME_FAILED) == (v.problems != 0));
	/* A signature that was looked at is judged. */
	check(v.now != SMIME_SIGNED);
	check(smime_verify(message, NULL, NOW, NOW, &again) == 0 && again.now == v.now &&
	      again.problems == v.problems);
	return 0;
}
