//! What the fuzz target `awk` calls: any text as a program.

// In a test of the binary the tests alone call it.
#![cfg_attr(test, allow(unreachable_pub))]

use super::code::*;
use super::parse::Parser;

/// Compiles `data`. A mistake is within the text; each word of a program without one names what is there.
pub fn awk(data: &[u8]) {
    let mut p = Parser::default();
    p.lexer.program.extend_from_slice(data);
    p.program();
    assert_eq!(p.depth * p.wrong.is_empty() as usize, 0, "as many levels up as down");
    if !p.wrong.is_empty() {
        assert!(p.wrong_at <= data.len());
        return;
    }
    let all = &p.program;
    let start = |at: &usize| *at < all.code.len() || *at == usize::MAX;
    assert!(all.starts.iter().all(start));
    for word in &all.code {
        let (kind, operand) = (word >> 8 & 7, (word >> 12) as usize);
        match word & 255 {
            CONST => assert!(operand < all.constants.len()),
            REGEX | MATCH_RECORD => assert!(operand < all.regexes.len()),
            JUMP if operand == (1 << 20) - 1 => {}
            JUMP | JUMP_FALSE | JUMP_TRUE | AND | OR | FOR_NEXT => assert!(operand <= all.code.len()),
            CALL => assert!(operand < all.functions.len()),
            LOAD | STORE..=POST_SUB | IN | FOR_IN if kind == GLOBAL => assert!(operand < all.names.len()),
            _ => {}
        }
    }
}
