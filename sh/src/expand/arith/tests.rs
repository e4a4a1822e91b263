//! Arithmetic against known values, mistakes and junk.

use super::*;
use std::collections::HashMap;
use sys::ToBuf;
use util::division::divide_by_hand;

#[derive(Default)]
struct Map(HashMap<Vec<u8>, Vec<u8>>);
impl Vars for Map {
    fn get(&mut self, name: &[u8]) -> Option<Buf> {
        self.0.get(name).map(|v| v.buf())
    }
    fn set(&mut self, name: &[u8], value: i64) -> Result<(), ()> {
        if name == b"ro" {
            return Err(());
        }
        self.0.insert(name.to_vec(), value.to_string().into_bytes());
        Ok(())
    }
}

fn all(text: &str) -> (Result<i64, &'static str>, String) {
    let mut m = Map::default();
    m.0.insert(b"x".to_vec(), b"5".to_vec());
    m.0.insert(b"e".to_vec(), b"x + 1".to_vec());
    m.0.insert(b"loop".to_vec(), b"loop + 1".to_vec());
    let r = eval(text.as_bytes(), &mut m);
    let x = String::from_utf8(m.0[&b"x"[..]].clone()).unwrap();
    (r.map_err(|e| core::str::from_utf8(e.why).unwrap()), x)
}

#[test]
fn values() {
    for (t, v) in [
        ("", 0),
        (" \n ", 0),
        ("1+2*3", 7),
        ("(1+2)*3", 9),
        ("7-2-1", 4),
        ("-7/2", -3),
        ("-7%3", -1),
        ("7%-3", 1),
        ("2**3**2", 512),
        ("-2**2", 4),
        ("1<<4|1", 17),
        ("1<2==1", 1),
        ("5&6^3|8", 15),
        ("!0+!5", 1),
        ("~0", -1),
        ("- -3", 3),
        ("--3", 3),
        ("7--3", 10),
        ("0x1F+010+36#zZ", 31 + 8 + 35 * 37),
        ("64#_@", 63 * 64 + 62),
        ("2#", 0),
        ("64#aA", 10 * 64 + 36),
        ("1?2:0?3:4", 2),
        ("0?2:0?3:4", 4),
        ("1,2,3", 3),
        ("x+e", 11),
        ("none", 0),
        ("9223372036854775807+1", i64::MIN),
        ("-9223372036854775808/-1", i64::MIN),
        ("-9223372036854775808%-1", 0),
        ("-9223372036854775808/10", -922337203685477580),
        ("9223372036854775807/4294967297", 2147483647),
        ("10000000000%4294967296", 1410065408),
        ("1||1/0", 1),
        ("0&&1/0", 0),
        ("1?1:1/0", 1),
        ("0||3", 1),
        ("3>=3 && 2<=1 || 4!=4", 0),
        ("1<<63>>63", -1),
        ("x==5", 1),
        ("!x", 0),
    ] {
        assert_eq!(all(t).0, Ok(v), "{t}");
    }
}

#[test]
fn assignments() {
    for (t, v, x) in [
        ("x=3", 3, "3"),
        ("x+=x*2", 15, "15"),
        ("x<<=2", 20, "20"),
        ("x++ + ++x", 12, "7"),
        ("x--- --x", 2, "3"),
        ("y=x=2", 2, "2"),
        ("0&&(x=9)", 0, "5"),
        ("1||x++", 1, "5"),
        ("1?0:(x=1)", 0, "5"),
        ("x%=0||3", 0, "0"),
        ("(x)", 5, "5"),
        ("x**2", 25, "5"),
        ("x++,x", 6, "6"),
        ("x = 1 ? 2 : 3", 2, "2"),
        ("-x++", -5, "6"),
        ("x ^= 1", 4, "4"),
    ] {
        assert_eq!(all(t), (Ok(v), x.to_string()), "{t}");
    }
}

#[test]
fn division_by_hand_is_division() {
    let mut some = vec![1, 2, 3, 7, 10, 65535, 65536, 65537, 1 << 32, (1 << 32) - 1, i64::MAX, i64::MIN];
    some.extend(some.clone().iter().map(|n: &i64| n.wrapping_neg()));
    for &a in some.iter().chain(&[0]) {
        for &b in &some {
            assert_eq!(divide_by_hand(a, b, false), a.wrapping_div(b), "{a}/{b}");
            assert_eq!(divide_by_hand(a, b, true), a.wrapping_rem(b), "{a}%{b}");
        }
    }
}

#[test]
fn mistakes() {
    for t in [
        "1+", "(1", "1)", "1 2", "08", "0x", "1=2", "x+1=2", "2#2", "*3", "1?2", "x y", "$", "1#0", "3x",
        "++", "a b c", "1 ? 2 : ", "5++", "0&&08", "x=08", "x & & y", "07_", "1.5",
    ] {
        assert!(all(t).0.is_err(), "{t} = {:?}", all(t).0);
    }
    assert_eq!(all("1/0").0, Err("divide by zero"));
    assert_eq!(all("1%(x-5)").0, Err("divide by zero"));
    assert_eq!(all("2**-1").0, Err("exponent less than 0"));
    assert_eq!(all("ro=1").0, Err("is read only"));
    assert!(all("loop").0.is_err());
}

#[test]
fn depth_is_bounded() {
    assert!(all(&("(".repeat(100_000) + "1")).0.is_err());
    assert!(all(&("-".repeat(100_001) + "1")).0.is_err());
    assert!(all(&("1?".repeat(100_000) + "1")).0.is_err());
    assert!(all(&("x=".repeat(100_000) + "1")).0.is_err());
    assert_eq!(all(&("(".repeat(100) + "1" + &")".repeat(100))).0, Ok(1));
    assert_eq!(all(&("1+".repeat(100_000) + "1")).0, Ok(100_001));
}

#[test]
fn junk_comes_to_an_end() {
    const PIECES: &[u8] = b"0123456789abxe_#@+-*/%<>=!&|^~?:,() \t\n$\xff\0";
    let mut seed = 1u32;
    let mut values = 0;
    for _ in 0..40_000 {
        let mut text = Vec::new();
        for _ in 0..seed >> 28 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push(PIECES[(seed >> 16) as usize % PIECES.len()]);
        }
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let mut m = Map::default();
        m.0.insert(b"a".to_vec(), text.clone());
        values += eval(&text, &mut m).is_ok() as u32;
    }
    assert!(values > 2_000, "{values}");
}
