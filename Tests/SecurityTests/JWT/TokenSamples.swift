/// Keys and signatures that another implementation made (Python's cryptography), base64url.
enum TokenSamples {
  static let modulus =
    "hRDsCGKQCSiN6TKemAR6KvCP9nbLjUHwlO0kpIJ2UZrEcMwqsUtkRupGQT9ISl8XmYBl862LCDDFL4a0gj8G0JdMVK71thvquXIS"
    + "DwcGv1aEan_yji4AuE6c1wxF-abqp48-YJjYL2gYGAnKkK4GKDcm3tgGyUqbYnBFzzGpdSQkrc3Hl1UM1MZ9wnPNVUaNxKYyCZF7"
    + "_CvpYJTCeSSb3dP1b2BIKSaMQxTbIMCrnChAo7woSVxViCcdof8Z85W_8FlKwN2GVA9wnYue7C8NA4XGUOMS-Q34PRESjfUo-s28"
    + "ZZG78PZarsSaU7aG3DqoARTga0yGwqjthX_cgD2sOQ"
  static let exponent = "AQAB"
  static let points = [
    "ES256": (
      x: "OjxdLLQFnXUrT8sz7GQW4klvM_h6Azk9iJOqrQB5xCk",
      y: "dy3g2s2JR989PWplArtr3VWPrAnjRATiJzFSPaCCOPc"
    ),
    "ES384": (
      x: "WZJct_4CU5A7uNnouUu_wPeurnTz8TChOwIKIkK-yO081NWTNiMhCY6GswjfhutA",
      y: "-7oV4HKTyAVT1xAhEQFppL33fLVrgy-Hp86JqMMxgz6mCTlNb_1lO7cybnHrdj9r"
    ),
    "ES512": (
      x: "AfKSWC6-yxB1AzY-8MQ-vwlOcQZZB9X2EngXp5A6-pOke0z8pl5f-rYwNjn5ACNWHd0XMtAhvVb1kAaMW7HBf1pp",
      y: "AD5OZrHK4wK9P4dpVRB7MRqStXZ0cCcFxUEEOZiS64DPRjgkENa6HWs-idJ5ZtLbKutLbfWNMH1VkqZ-27Voy3n4"
    ),
  ]
  static let ed25519 = "wVSnjWFYSWftm-WKuTt8cZo2joeVLBlXNh7etI67m9c"
  static let secret = "YSBzZWNyZXQgb2Ygc29tZSBsZW5ndGg"
  static let pemOfES256 = """
    -----BEGIN PUBLIC KEY-----
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEOjxdLLQFnXUrT8sz7GQW4klvM/h6
    Azk9iJOqrQB5xCl3LeDazYlH3z09amUCu2vdVY+sCeNEBOInMVI9oII49w==
    -----END PUBLIC KEY-----
    """

  /// By algorithm: over ``signingInput(_:)``.
  static let signatures: [String: String] = [
    "RS256":
      "dwtIKogZAgxSQvaUdplJ4dS_bWgooIXinBx-_Jcawi8UOczWsYRVYid_5U37TKW8YTrZar1xb72QAE3XwR8_52nACSQFGi3gKWPL"
      + "6yP86djOIIcrnyyod7aWfpjxobCDHcxNgEyyxTwSVsbzdrBDFKmh4HZeYY4StokpJquGb9ITkMKvbf1UJ82jM9u7IkCruEjkAY7_"
      + "KkxwdOiKIPLnCga_c6m6JyGtymmaInM1Lehx7Tb66mtM39KI3p2Ggbfyb_FmbfhXk0XjEX3net8I4VT58f7-uN3j_0TxGDrPBPZP"
      + "Bxu7XxViWAErTJyV3erDYmSXL8LiPSTxdxMJe09nTw",
    "PS256":
      "IfOS3bstp0pq-Tn729KRjmHu200b6Gr2ncugee33gYPaAiG4pUZAvLtVdbIZTJFebkOKVPSHeH5jlJ0WIUKOymII1OK6EUtL6wVf"
      + "BsxPFO-N2SWR58Xwo8Sv4rL4J5TwOJjNyuexZFyoqwFgTLhQVhdrrcNQLvu8gF8AdNmuPr4Oz2g9LU7FXnTNbrXfG_HpdId0qf4n"
      + "eIZBjkFEnc6kh-1t2B5fljmSEqxOF5c60htMJ9g9nZs8fGQnPfRiOYcoZZIL8prAZUVd2t-Gwv_3IJlfa5SKhxBIfbnMJiysP8vL"
      + "eImRTVd4E4-2x8gvtdIpYf32rAlcKEJ0X3UCc-_mJg",
    "RS384":
      "bMLKwC9bAW1N3UQYnUX7q4mfIp6uMg8MdPhCIIIDPDK6J1YjaYtgOCnVuvDrBB33xV-vgLPglIwydJaGAKHi3DvxdQq4JgVghocR"
      + "oVHl8F_J5s3UO1VqkFGgupIPfcEZ97XLbtGOidqX9xr6CDwOdi-lSeOYQZZP3KXbC-nixCz0HvPjStrgAVku_1jzpzhLz5DqP5h4"
      + "xC1-Q_L9iftXWCIX18oo5BzXKLvWHdLnXE2BnpJsPGXdaCzBS_zYZ-vd82foQN8rU538wWG4PjHYPocdivWHQ8VRIn7qL3-G9bpr"
      + "fUzIb5I78kf3Aq5Fsokibt-MZqHGvKjrtAiRhsCSoQ",
    "PS384":
      "LQtIkY7bQ0OhkhoBf48axOHFGuNBxJoPxT4M30NAGi8qj-YC4RlUHi1kppeNZVUpWPxGpQc6mPczj9tNtSNnpKWaeHJR8O-IYnY3"
      + "CRghaF4oIB9y1aDsod0EzH0OieC8BjsysQQAFXk1whyeJqBL0sSyBipthq2xZ_EcYr_A26y-bk1fxsXeLakQhV33by9AU5tIOwoh"
      + "a_f6xlzx4d31FytGYMKRDU8c3MpMSGOlOwCnQaLhk7VoF55mfxZ5m_SMdAiqRZ_6H-G0XHt60JSMU1YvnEoR2OJ0EyU_JCfohxBt"
      + "-f9JTYO2ht6ADJXqrKwEdlUXQlGepRMyVsahiXCzmw",
    "RS512":
      "DWnoc80qmOn7WI7Yguad8Xhk4z-62BwkZSk1K6uLWsHwBqPmJ3E8W3uGO8UukhaHelRd35XPG-fEgR67I0Pf7fnC1wwh9xTPdY_9"
      + "FsV6pD7FdX3TlP3FHn0nNdb0gT-pNGh_LaDz5nV9dv2_yXACrjIZ_87XgTVQHEyhTY0XoLU78mpuCBAyLHQtnA19YwlGvUN4dvtL"
      + "JxlxagAHn8Ii76LUMRLr2U9PpPCneHSzydwmSV9pdVIe57FG3gp8H7pepE1q4PengdQMdzcdpMTSIvdiDHaS2JIWZsTNIIXYGNqG"
      + "4p20ltIqG7qtUQMN4lnt0L5tbjFdoWXSBCxxY2nrrg",
    "PS512":
      "ZrHfedf5QMBKReGRi-Z_bvzLWgWNLz-S7ypR4dHAiHAYd6DtDmU65kQIC5k_HS69_8jd4ezSUEBn1AD6nokZtTVRMGc_0JXf87hC"
      + "qO-JtlAe4dB2iltoCiEAKDnZ5i8hMTlWYAb9RWbqMACSXTUJ-udxBvxzA2i8klS-zHcFyqyI_lSDZ3aEA9iYltBbXnkpxhrOkwvX"
      + "ANMW9tLjcTvqfeAof1AYoyYJZ-gQQwDEQlzy7pX6TSZyDFcFHYqsXIf73lFTFgJBkMfLDbK6BB_5QJ41uhyWdMIofXaDrFK8lFYy"
      + "HzYKpqQ73htZ6ozgKsr1aLlydBRS6kztcpFKfWzanQ",
    "ES256":
      "oqRqOW2T5n6hLEqYivb26G0Qz8SO7bjYPAPB98_6blizod-QWy3fXLJlV5GpvtTg2bne6dGj2-LYM6e6Vnc5Bw",
    "ES384":
      "52PBwPo82xE64Q9eDF6Od5_XxmAhX0wr5giCWRHID4jyUVlfUwYyxa4CGdvr_8ZyOHP-oiPxrS51oPr-_ukvPAyYdpOjl79I8Ukt"
      + "8X9Y1fOw5ElKnySF9VaBnrz2BOQi",
    "ES512":
      "AIVb7WvOpmm4rUAmR6lroSVMTi8iAU_ycI7x4IKs5-uzskn2w4bq2W05pNY5iJVTicUbrh_zyz5LS_MGqInjKMlLANzSMqLxhw7b"
      + "GLq8PKBOKRs6JhKwvj2o_gsdYTOOw49HQEqbke-s6eSAClPGhCR5pQ_ENrqIKGQOnuzawan_r_BQ",
    "EdDSA":
      "ezNoBHjZtexDLXLAGptIrvQCrpMaRHxWi-goniwfPB4ln_kgLmT3o772hGOHhurlyen_L6QFkQwBqr1bhOmcBw",
    "HS256":
      "SF5LY4oAvqPFjqZwG_GpzmR3k1ObpSYgu3SqIiDBW90",
    "HS384":
      "d2rMBJ3-UV1Q4cE2F88g06gCAk8A6Clcm24uFUkDuU2kPKAV_HBmDyU8Vwr8MWk_",
    "HS512":
      "swLo7r6nhSu06gEDzWNzbQtlNpNo7ilsDqSQvWY1HbOhsUx9lbrjLbmfgJnUg5ZsnXCTftnWEEKe374Fri1Yiw",
  ]

  /// `{"alg":"…"}.{"sub":"a"}`, encoded.
  static let signingInputs: [String: String] = [
    "RS256": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0",
    "PS256": "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJhIn0",
    "RS384": "eyJhbGciOiJSUzM4NCJ9.eyJzdWIiOiJhIn0",
    "PS384": "eyJhbGciOiJQUzM4NCJ9.eyJzdWIiOiJhIn0",
    "RS512": "eyJhbGciOiJSUzUxMiJ9.eyJzdWIiOiJhIn0",
    "PS512": "eyJhbGciOiJQUzUxMiJ9.eyJzdWIiOiJhIn0",
    "ES256": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0",
    "ES384": "eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJhIn0",
    "ES512": "eyJhbGciOiJFUzUxMiJ9.eyJzdWIiOiJhIn0",
    "EdDSA": "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0",
    "HS256": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0",
    "HS384": "eyJhbGciOiJIUzM4NCJ9.eyJzdWIiOiJhIn0",
    "HS512": "eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJhIn0",
  ]
}
