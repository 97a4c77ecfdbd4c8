/** What the upstream calls the one question that is asked. */
export const IMAGE_RECOGNITION = {
  service: 'faceid',
  action: 'ImageRecognitionV2',
  version: '2018-03-01',
} as const;
