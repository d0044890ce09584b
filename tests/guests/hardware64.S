/* hardware64.S - see hardware.inc. */
#define BITS 64
#include "hardware.inc"
