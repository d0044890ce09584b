/* events64.S - see events.inc. */
#define BITS 64
#include "events.inc"
