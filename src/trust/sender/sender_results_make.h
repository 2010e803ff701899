/* From the verdicts of the evaluations to the values that are kept: sender_results.h. Views of the values
 * live as long as what they were made from. */
#ifndef TRUST_SENDER_SENDER_RESULTS_MAKE_H
#define TRUST_SENDER_SENDER_RESULTS_MAKE_H

#include "trust/sender/sender_check.h"
#include "trust/sender/sender_results.h"

/* All but what was done with the message: SENDER_DELIVERED, for the caller to change. */
void sender_results_make(const struct sender_verdicts *verdicts, struct sender_results *out);

/* Parts of it. */
void sender_results_take_signature(const struct dkim_verdict *verdict, struct sender_signature *out);
void sender_results_take_arc(const struct arc *arc, struct sender_results *out);

#endif
