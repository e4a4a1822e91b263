/* What the board runs first, at the beginning of flash, in ARM state with the MMU off: Linux wants to be entered with
   r0 = 0, r1 = all ones, r2 = the device tree (Documentation/arch/arm/booting.rst). `cargo rootfs` fills in where
   kernel and device tree are: the words behind the seventh. */
	.arch armv5te
	.text
	mov	r0, #0
	mvn	r1, #0
	ldr	r2, dtb
	ldr	pc, kernel
	.word	0, 0, 0
kernel:	.word	0
dtb:	.word	0
